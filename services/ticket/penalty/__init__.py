"""处罚: the monthly penalty list for unit leads (T14)."""
