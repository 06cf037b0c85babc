"""换货、补寄: the replacement, what it costs more or less, and its way to the customer (T22, T25)."""
