"""What several suites of tests share: a small network, and its ledger on one node without consensus."""
