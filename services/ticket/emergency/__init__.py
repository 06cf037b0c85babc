"""突发事件: emergencies, and how long it took until they were contained (T42)."""
