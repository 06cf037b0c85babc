"""投诉: complaints and their closed loop, to the end that the customer confirms (T10 to T17)."""
