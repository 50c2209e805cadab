"""Public EPCIS files against the gateway: what becomes of every event of every file."""
