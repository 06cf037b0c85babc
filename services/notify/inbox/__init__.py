"""收件箱: a member of staff's own messages (N1)."""
