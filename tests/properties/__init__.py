"""The law against a small model of it, written independently from contracts/LAW.md."""
