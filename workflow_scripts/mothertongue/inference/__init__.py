"""The one engine for every forward pass: a base with its adapter, shared prefixes, generation, memory.

Knows nothing of tasks. Used by evaluate, answer, held-out perplexity and fine-tuning.
"""
