"""购买: copies of the orders and of what was given back of them, as far as purchases and value go (C10, C13)."""
