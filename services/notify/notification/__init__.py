"""消息: who is told of what by which channel, once per event, and what became of it (N3, N4)."""
