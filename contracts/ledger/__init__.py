"""The ledger: documents, bundles, their execution, receipts and proofs."""
