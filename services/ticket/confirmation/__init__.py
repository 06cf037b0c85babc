"""确认: what an agent checks with the buyer after payment, before the order may be cleared for shipping (T34)."""
