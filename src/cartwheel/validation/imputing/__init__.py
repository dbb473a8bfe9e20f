"""Missing inputs imputed, beside complete cases."""
