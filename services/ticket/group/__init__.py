"""组: who answers together, what they take and what each of them is good at (T4)."""
