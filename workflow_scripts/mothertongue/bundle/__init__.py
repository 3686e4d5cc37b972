"""A finished study as one folder that others can check, cite and extend, and its check."""
