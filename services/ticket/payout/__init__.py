"""打款: payments made, their answers taken whichever way they come, books compared with what was paid (T22, T55)."""
