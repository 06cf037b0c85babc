"""派单: which group a ticket belongs to and who of those on shift gets it (T4)."""
