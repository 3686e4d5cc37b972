"""The loss: summed cross-entropy of supervised tokens, with logits computed only where needed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from .batches import IGNORED

CHUNK = 4096  # rows of logits turned to float32 at a time


class TokenLoss(torch.autograd.Function):
    """Summed cross-entropy that makes its gradient on the way, in pieces, in the logits' type.

    Saves the float32 copies of the logits that the plain function keeps: with 256,000 entries of
    vocabulary these are what fills a GPU.
    """

    @staticmethod
    def forward(ctx: Any, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Return the sum over rows of -log softmax(logits)[target]."""
        needed = ctx.needs_input_grad[0]
        gradient = torch.empty_like(logits) if needed else None
        total = torch.zeros((), dtype=torch.float32, device=logits.device)
        for start in range(0, len(targets), CHUNK):
            piece = logits[start : start + CHUNK].float()
            wanted = targets[start : start + CHUNK, None]
            logs = torch.log_softmax(piece, dim=-1)
            total -= logs.gather(1, wanted).sum()
            if gradient is not None:
                slope = logs.exp_()
                slope.scatter_add_(1, wanted, -torch.ones_like(wanted, dtype=slope.dtype))
                gradient[start : start + CHUNK] = slope
        ctx.save_for_backward(gradient)
        return total

    @staticmethod
    def backward(ctx: Any, scale: torch.Tensor) -> tuple[torch.Tensor, None]:
        """Scale the gradient made in the forward pass."""
        (gradient,) = ctx.saved_tensors
        return gradient * scale.to(gradient.dtype), None


@contextmanager
def head_only_at(model: Any, positions: torch.Tensor) -> Iterator[None]:
    """Let the output layer see only hidden states at flat `positions` of batch x time.

    Works for every architecture, since it acts on the input of the output embedding. What a
    model does to logits afterwards (soft caps, scales) is element-wise and stays right.
    """
    head = model.get_output_embeddings()

    def select(_module: Any, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        hidden = inputs[0]
        return (hidden.reshape(-1, hidden.shape[-1]).index_select(0, positions), *inputs[1:])

    handle = head.register_forward_pre_hook(select)
    try:
        yield
    finally:
        handle.remove()


def summed_loss(
    model: Any, tokens: torch.Tensor, targets: torch.Tensor, device: str | torch.device = "cpu"
) -> torch.Tensor:
    """Summed cross-entropy of the supervised tokens of one right-padded micro-batch."""
    flat = targets.reshape(-1)
    positions = (flat != IGNORED).nonzero().squeeze(1)
    wanted = flat[positions].to(device, non_blocking=True)
    with head_only_at(model, positions.to(device, non_blocking=True)):
        logits = model(input_ids=tokens.to(device, non_blocking=True), use_cache=False).logits
    loss: torch.Tensor = TokenLoss.apply(logits, wanted)  # type: ignore[no-untyped-call]  # torch
    return loss
