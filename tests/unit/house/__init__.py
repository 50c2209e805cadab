"""The tidy tests: what holds for every file of the project and no tool checks."""
