"""花名: the names on a shop's chats, each of one member of staff; remarks are matched to them (A1, T31)."""
