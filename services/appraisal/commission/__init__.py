"""提成: what the department's pool is for so many orders, and why (A6)."""
