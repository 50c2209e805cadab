"""`packtrail recall`: goods are called back, step by step, by whoever must do it at three in the morning."""
