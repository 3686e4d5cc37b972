"""Let one process train, or several that share every optimiser step (accelerate)."""

from collections.abc import Sequence
from typing import Any


class Workers:
    """A single process: sums are what they are."""

    rank = 0
    size = 1

    def sum(self, tensors: Sequence[Any]) -> None:
        """Replace each tensor by its sum over all processes."""

    def any(self, flag: bool) -> bool:
        """Whether the flag is up in any process."""
        return flag

    def least(self, number: int) -> int:
        """The smallest of all processes' numbers."""
        return number

    def wait(self) -> None:
        """Wait until every process is here."""


class AcceleratedWorkers(Workers):
    """The processes of one launch, one per GPU (or on CPUs, by gloo)."""

    def __init__(self) -> None:
        import torch
        from accelerate import PartialState

        self.state = PartialState(cpu=not torch.cuda.is_available())
        self.rank = self.state.process_index
        self.size = self.state.num_processes

    def sum(self, tensors: Sequence[Any]) -> None:
        """Replace each tensor by its sum over all processes (one exchange)."""
        import torch
        from accelerate.utils import reduce

        flat = reduce(torch.cat([tensor.reshape(-1) for tensor in tensors]), reduction="sum")
        start = 0
        for tensor in tensors:
            tensor.copy_(flat[start : start + tensor.numel()].view_as(tensor))
            start += tensor.numel()

    def any(self, flag: bool) -> bool:
        """Whether the flag is up in any process."""
        import torch

        count = torch.tensor([float(flag)], device=self.state.device)
        self.sum([count])
        return bool(count.item() > 0)

    def least(self, number: int) -> int:
        """The smallest of all processes' numbers."""
        from accelerate.utils import gather_object

        numbers: list[int] = gather_object([number])
        return min(numbers)

    def wait(self) -> None:
        """Wait until every process is here."""
        self.state.wait_for_everyone()


def share_out(groups: Sequence[Sequence[int]], costs: Sequence[int], size: int) -> list[list[int]]:
    """Give each of `size` workers groups (by index) of about equal cost, largest first."""
    shares: list[list[int]] = [[] for _ in range(size)]
    load = [0] * size
    for index in sorted(range(len(groups)), key=lambda i: (-costs[i], i)):
        least = load.index(min(load))
        shares[least].append(index)
        load[least] += costs[index]
    return shares
