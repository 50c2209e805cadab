"""Records: the things that happen to medicine packs, as partners state them (LAW.md, table)."""
