"""个人信息: what only the person and those who serve them may know: sealed, masked, revealed for a reason (X6)."""
