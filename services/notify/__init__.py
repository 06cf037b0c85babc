"""The notify service (通知): who is told what, where and in which words."""
