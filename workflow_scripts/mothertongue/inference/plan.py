"""Plan the order of sequences so that each beginning they share is computed once."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

WORTH = 256  # tokens that sharing must save to be worth one more forward pass


class Group(NamedTuple):
    """Sequences (indices) to be computed behind one prefix: its cache (None: no prefix), length."""

    indices: list[int]
    cache: Any
    depth: int


def common(first: Sequence[int], second: Sequence[int]) -> int:
    """Length of the longest common prefix of two token sequences."""
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def plan(
    sequences: list[list[int]], free: list[int], worth: int = WORTH
) -> Iterator[tuple[str, Any]]:
    """Turn sorted token sequences into steps that compute shared prefixes once.

    `free[i]` is how many first tokens of sequence i may come from a shared prefix. Yields
    ("push", (i, start, end)): compute tokens start:end of sequence i behind the present prefix;
    ("run", (indices, depth)): compute these sequences behind the prefix of that length;
    ("pop", None): drop the last pushed piece.
    """
    neighbours = [common(a, b) for a, b in itertools.pairwise(sequences)]
    limit = [min(n, free[i], free[i + 1]) for i, n in enumerate(neighbours)]

    def walk(low: int, high: int, depth: int) -> Iterator[tuple[str, Any]]:
        """Yield steps for low:high; leftovers of ("run", …) are merged by the caller."""
        if high - low == 1:
            yield "run", ([low], depth)
            return
        shared = min(limit[low : high - 1])
        pushed = (shared - depth) * (high - low - 1) >= worth
        inner = shared if pushed else depth
        if pushed:
            yield "push", (low, depth, shared)
        leftovers: list[int] = []
        cuts = [i + 1 for i in range(low, high - 1) if limit[i] == shared] + [high]
        parts = sorted(zip([low, *cuts], cuts), key=lambda part: -len(sequences[part[0]]))
        for start, end in parts:  # longest first, so that neighbours in time are of like length
            if end - start == 1 or not _worthwhile(limit, start, end, inner, worth):
                leftovers += range(start, end)
            else:
                for step in walk(start, end, inner):
                    if step[0] == "run" and step[1][1] == inner:
                        leftovers += step[1][0]
                    else:
                        yield step
        if leftovers:
            yield "run", (leftovers, inner)
        if pushed:
            yield "pop", None

    if sequences:
        yield from walk(0, len(sequences), 0)


def _worthwhile(limit: list[int], start: int, end: int, depth: int, worth: int) -> bool:
    """Whether some run of low:high may save `worth` tokens (an upper bound)."""
    return sum(value - depth for value in limit[start : end - 1] if value > depth) >= worth


class Walk:
    """Walks down the tree of prefixes and hands out groups that fit into memory.

    `weights[i]` are the tokens of memory that sequence i takes, at least its length; `most` are the
    tokens to compute at once, `padding` those that one more pass costs; `free` as in `plan`.
    `extend(cache, tokens)` returns the cache of one row longer by `tokens`; it may fail for want of
    memory: the next `take` tries again.
    """

    def __init__(
        self,
        sequences: list[list[int]],
        free: list[int],
        weights: list[int],
        most: int,
        padding: int,
        worth: int,
        extend: Callable[[Any, list[int]], Any],
    ) -> None:
        self.order = sorted(range(len(sequences)), key=lambda index: sequences[index])
        self.sequences = [sequences[index] for index in self.order]
        self.weights = [weights[index] for index in self.order]
        self.most = most
        self.padding = padding
        self.extend = extend
        self.steps = plan(self.sequences, [free[index] for index in self.order], worth)
        self.step = next(self.steps, None)
        self.caches: list[Any] = [None]
        self.group: list[int] = []  # heaviest first
        self.depth = 0

    def take(self, budget: int, rows: int = 0, width: int = 0) -> Group | None:
        """The next sequences of one group, so many that the budget holds them, padded.

        `rows` of `width` tokens are there already; without any, one sequence is always handed out.
        None: nothing is left, or not even one more fits.
        """
        while not self.group:
            if self.step is None:
                return None
            kind, content = self.step
            if kind == "push":
                index, start, end = content
                self.caches.append(self.extend(self.caches[-1], self.sequences[index][start:end]))
            elif kind == "pop":
                self.caches.pop()
            else:
                indices, self.depth = content
                self.group = sorted(indices, key=lambda index: -self.weights[index])
            self.step = next(self.steps, None)
        width = max(width, self.weights[self.group[0]])
        count = min(len(self.group), budget // width - rows)
        if count < 1 and rows:
            return None
        count = self._without_padding(max(1, count))
        chosen, self.group = self.group[:count], self.group[count:]
        return Group([self.order[index] for index in chosen], self.caches[-1], self.depth)

    def _without_padding(self, count: int) -> int:
        """How many of the group's first `count` rows to compute at once: a pass costs less than
        the padding of rows that are much shorter than the longest.
        """
        widths = [len(self.sequences[index]) - self.depth for index in self.group[:count]]
        count = max(1, min(count, self.most // max(widths)))
        longest = max(widths[:count])
        padded = list(itertools.accumulate(longest - width for width in widths[:count]))
        return max(1, sum(padding <= self.padding for padding in padded))
