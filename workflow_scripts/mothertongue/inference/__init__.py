"""The one engine for every forward pass: a base with its adapter, shared prefixes, generation, memory.

It knows nothing of tasks. evaluate, answer, held-out perplexity, fine-tuning and local translation use it.
Read it in this order: `base` and `models` load a base with an adapter; `encoding` makes tokens; `prefix`
is the model class that scores and generates (on `scoring`, `stock` and `forward`), with the order of
work from `plan`, caches from `cache` and decoding from `greedy`; `self_test` says what a model allows, and
`budgets` how much fits into memory.
"""
