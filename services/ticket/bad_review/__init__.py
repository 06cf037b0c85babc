"""中差评: bad reviews, worked on until they are changed, removed or kept (T45)."""
