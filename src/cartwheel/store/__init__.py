"""What a server keeps: files, jobs, accounts and who did what, in SQLite or PostgreSQL."""
