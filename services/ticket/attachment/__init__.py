"""附件: files that belong to a ticket, looked into before they are taken, handed out harmless (T1)."""
