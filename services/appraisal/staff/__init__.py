"""员工: who works here, as what, and in which state (A1, A2)."""
