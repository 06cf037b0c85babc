"""The one address in front of the four services (G1): it knows callers, paths and limits, and no business rule."""
