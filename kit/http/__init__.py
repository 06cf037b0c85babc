"""HTTP as every service speaks it; see the conventions in docs/api.md."""
