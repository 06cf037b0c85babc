"""改单: changes of an order before it ships, asked for, agreed, paid for and carried out by the storefront (T37)."""
