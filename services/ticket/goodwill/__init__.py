"""小额补偿: part of a line's price is given back and the goods are kept (T27)."""
