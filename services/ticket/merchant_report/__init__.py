"""举报商家: reports about sellers; they live the common life of tickets with fields of their own (T1)."""
