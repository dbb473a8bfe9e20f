"""Long work beside the server: a queue, processes that do it, and what each kind of job makes."""
