"""宏: several changes of a ticket in one click, saved, shared, and done to many tickets at once (T53)."""
