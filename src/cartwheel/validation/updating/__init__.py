"""The updating ladder of one score, and the file of the rung that was chosen."""
