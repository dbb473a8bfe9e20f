"""Who may do what: the token of a laptop, accounts, sessions, roles, and the audit."""
