"""Rules: one function per record, guards first, then what it writes; read beside contracts/LAW.md."""
