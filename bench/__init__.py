"""Side-by-side measurements of Kefu on this machine; docs/performance.md says what each figure means."""
