"""接待台: who is at their desk, and how waiting tickets reach them (T4, T44)."""
