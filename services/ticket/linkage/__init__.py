"""合并、拆分、关联: tickets that have to do with each other (T3)."""
