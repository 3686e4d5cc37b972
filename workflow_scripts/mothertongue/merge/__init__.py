"""Claims of several studies in one table, pooled by language and benchmark (`python -m mothertongue.merge`)."""
