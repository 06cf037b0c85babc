"""收件箱: what each member of staff has been told, once per event (N1, N4)."""
