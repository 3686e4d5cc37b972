"""Which rows are computed together: by the prefixes that they share and by their lengths."""

import random


def test_blocks_hold_rows_of_one_prefix_and_of_like_length():
    from mothertongue.inference.attention import WORTH, Block, blocks

    first, second = object(), object()
    pads = [0, 5, 0, WORTH, WORTH + 1, 3]
    prefixes = [first, first, None, None, None, second]
    assert blocks(pads, prefixes) == [
        Block(0, 2, 0, first),
        Block(2, 3, 0, None),
        Block(3, 5, WORTH, None),
        Block(5, 6, 3, second),
    ]
    assert blocks([], []) == []


def test_plan_computes_every_sequence_once_behind_its_own_prefix():
    from mothertongue.inference.plan import plan

    rng = random.Random(0)
    for _ in range(200):
        heads = [[rng.randint(0, 3) for _ in range(rng.randint(0, 40))] for _ in range(3)]
        sequences = sorted(
            rng.choice(heads)[: rng.randint(1, 40)] + [rng.randint(0, 3) for _ in range(5)]
            for _ in range(rng.randint(1, 12))
        )
        free = [len(s) - rng.randint(1, len(s)) for s in sequences]
        prefix, done = [], []
        stack = []
        for step, content in plan(sequences, free, rng.choice([1, 8, 64])):
            if step == "push":
                index, start, end = content
                assert start == len(prefix)
                stack.append(len(prefix))
                prefix = prefix + sequences[index][start:end]
            elif step == "pop":
                prefix = prefix[: stack.pop()]
            else:
                indices, depth = content
                assert depth == len(prefix)
                for index in indices:
                    assert sequences[index][:depth] == prefix
                    assert depth <= free[index] or depth == 0
                done += indices
        assert sorted(done) == list(range(len(sequences)))
        assert not stack


def test_rows_much_shorter_than_others_are_computed_apart():
    """Rows of one pass hold less padding than one more pass costs, and all are handed out once."""
    from mothertongue.inference.plan import Walk

    rng = random.Random(0)
    for _ in range(100):
        sequences = [[n, *range(rng.randint(1, 200))] for n in range(rng.randint(1, 30))]
        weights = [len(sequence) + 10 for sequence in sequences]
        walk = Walk(sequences, [0] * len(sequences), weights, 2048, 64, 256, None)
        done = []
        while group := walk.take(100_000):
            widths = [len(sequences[index]) for index in group.indices]
            assert sum(max(widths) - width for width in widths) <= 64
            done += group.indices
        assert sorted(done) == list(range(len(sequences)))
