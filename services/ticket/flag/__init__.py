"""旗子: one colour and a remark on an order at a time, with history; its meaning drives the rules (T30–T33)."""
