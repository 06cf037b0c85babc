"""退款: what was paid back of sales, whose fault it was and who bears the cost, as facts for figures (A6, T57)."""
