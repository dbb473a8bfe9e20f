"""What may leave the centre."""
