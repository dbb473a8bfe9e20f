"""What a validation says in words: cautions, methods, the question and the verdict."""
