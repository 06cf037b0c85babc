"""小组: who works together, for which shops, and under whom (A1)."""
