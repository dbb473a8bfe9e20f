"""The paper as blocks: what is said once, and written as HTML, PDF and Word."""
