"""关联: which ticket is the double of another, takes another up again, or stands below another (T1, T3)."""
