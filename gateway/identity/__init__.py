"""Who may call: clients, staff logins, the keys that sign access tokens, and the tokens themselves (G2)."""
