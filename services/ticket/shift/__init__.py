"""班次: who works when, who is here now, and how shifts change hands (T44, T62)."""
