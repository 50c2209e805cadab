"""GS1 identifiers and dates as the ledger stores them.

Own strict code, because two honest nodes must judge every key and date alike for ever (LAW, Identifiers):
no library whose next release may decide differently is imported here.
"""
