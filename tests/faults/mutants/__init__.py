"""Bugs we would not want to have, each beside the test that has to notice it (`python -m tests.faults.mutants`)."""
