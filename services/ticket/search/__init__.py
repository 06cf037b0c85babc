"""搜索: the words of tickets, Chinese and English, and finding tickets by them (T5)."""
