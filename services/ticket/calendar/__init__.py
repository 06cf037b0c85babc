"""营业日历: when a shop works, its weeks, holidays and make-up workdays (T43)."""
