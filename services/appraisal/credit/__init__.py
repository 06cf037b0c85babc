"""销售归属: whose sale an order was, worked out again from all that is known of it (A6)."""
