"""购买: a copy of the orders, as far as a customer's purchases and their value go (C10, C13)."""
