"""账: the book of each order. What was paid is kept, refunded or in flight, and nothing else (T55, I12)."""
