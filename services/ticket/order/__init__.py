"""订单: the record of an order as the storefront tells it, revision by revision (C10, E3)."""
