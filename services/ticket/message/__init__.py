"""消息: what is written on a ticket, for the customer to see or for the house alone (T1)."""
