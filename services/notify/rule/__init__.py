"""通知规则: which event is told to whom, with which template (N3)."""
