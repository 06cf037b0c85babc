"""工单: the common life that tickets of every kind share (T1, T2)."""
