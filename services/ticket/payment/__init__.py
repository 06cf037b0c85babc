"""支付: what the payment side is asked to pay, under a number that never changes (T22, T55)."""
