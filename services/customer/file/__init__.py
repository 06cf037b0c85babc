"""档案: one file per person, and the shop accounts that lead to it (C1, C3)."""
