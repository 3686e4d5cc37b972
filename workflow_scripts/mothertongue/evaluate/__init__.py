"""Turn tasks into items and items into scores: benchmark files, lm-eval's task pack, metrics."""
