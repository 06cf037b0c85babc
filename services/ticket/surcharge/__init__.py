"""补差价: what a dearer courier costs, and the top-up orders by which it is paid (T36)."""
