"""交接班: what is pending at the end of a shift is signed over to the next, or explicitly kept or passed on (T46)."""
