"""The training loop: optimiser steps over random effective batches, validation, and checkpoints.

A step's gradient is the token mean over its whole effective batch, however it is cut into
micro-batches. Order and dropout of a step depend only on the seed and the step's number, so a run
continued from a checkpoint is the same run.
"""

import gc
import hashlib
import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from ..errors import is_out_of_memory
from ..inference.budgets import Remembered, halved
from ..process.progress import Progress
from ..process.stop import Interrupted, StopRequest
from .batches import collate, effective_batches, epoch_order, plan_micro_batches
from .budget import CPU_OVERHEAD, CPU_TOKENS
from .checkpoint import load_checkpoint, save_checkpoint
from .encode import Example
from .gradients import prove_gradients
from .lora import lora_weights
from .loss import summed_loss
from .recipe import Recipe
from .scale import first_scale, unscale
from .workers import Workers, share_out

log = logging.getLogger("mothertongue.finetune")


Note = Callable[[Mapping[str, float], int], None]  # values by name, and the step


def no_note(values: Mapping[str, float], step: int) -> None:
    """Write nothing: no tracker is asked for."""


class TrainingError(RuntimeError):
    """Training cannot go on; the text says where and what to do."""


@dataclass
class Run:
    """What is known after some steps; all of it is in a checkpoint."""

    step: int = 0
    budget: int = 0
    overhead: int = 0
    resumed: int = 0
    seconds: float = 0.0
    epoch_loss: float = 0.0
    epoch_supervised: int = 0
    tokens: int = 0
    supervised: int = 0
    computed: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    best_epoch: int = 0
    best_loss: float = math.inf
    best: dict[str, torch.Tensor] = field(default_factory=dict)
    last: dict[str, torch.Tensor] = field(default_factory=dict)  # at the end, if not the best
    gradients: dict[str, Any] = field(default_factory=dict)
    scale: float = 1.0


def learning_rate_at(step: int, total: int, recipe: Recipe) -> float:
    """The learning rate of the 0-based `step` of `total` (as transformers' schedules)."""
    warmup = math.ceil(recipe.warmup * total)
    if step < warmup:
        return recipe.learning_rate * step / max(1, warmup)
    done = (step - warmup) / max(1, total - warmup)
    factors = {
        "constant": 1.0,
        "linear": 1.0 - done,
        "cosine": 0.5 * (1.0 + math.cos(math.pi * done)),
    }
    return recipe.learning_rate * factors[recipe.schedule]


def seed_step(seed: int, step: int, rank: int) -> None:
    """Set torch's random state from (seed, step, rank) alone."""
    digest = hashlib.sha256(f"{seed} {step} {rank}".encode()).digest()
    torch.manual_seed(int.from_bytes(digest[:7], "big"))


class Trainer:
    """Trains the LoRA weights of a model on one device (or as one of several workers)."""

    def __init__(
        self,
        model: Any,
        training: Sequence[Example],
        validation: Sequence[Example],
        recipe: Recipe,
        *,
        pad: int,
        device: str = "cpu",
        budget: int = CPU_TOKENS,
        overhead: int = CPU_OVERHEAD,
        folder: Path | None = None,
        fingerprint: str = "",
        checkpoint_seconds: float = 600.0,
        workers: Workers | None = None,
        stop: StopRequest | None = None,
        plan: Callable[..., list[list[int]]] = plan_micro_batches,
        steps: int | None = None,
        memory: Remembered | None = None,
    ):
        """`steps`: stop after so many, in mid-epoch if need be; None: after the recipe's epochs.

        `memory` remembers a budget that was too large for the next job.
        """
        self.model, self.recipe = model, recipe
        self.training, self.validation = training, validation
        self.pad, self.device = pad, device
        self.folder, self.fingerprint = folder, fingerprint
        self.checkpoint_seconds = checkpoint_seconds
        self.workers = workers or Workers()
        self.stop = stop or StopRequest()
        self.plan = plan
        self.memory = memory
        self.run = Run(budget=budget, overhead=overhead, scale=first_scale(model))
        self.weights = lora_weights(model)
        self.optimizer = torch.optim.AdamW(
            list(self.weights.values()),
            lr=recipe.learning_rate,
            betas=recipe.betas,
            eps=recipe.epsilon,
            weight_decay=recipe.weight_decay,
        )
        self.steps_per_epoch = math.ceil(len(training) / recipe.effective_batch)
        self.total = steps or self.steps_per_epoch * recipe.epochs
        self.losses: list[float] = []
        self.note: Note = no_note
        self.checked = False

    # ---- one step ---------------------------------------------------------------------------

    def micro_batches(self, examples: Sequence[Example]) -> list[list[Example]]:
        """This worker's micro-batches of some examples."""
        lengths = [len(example.tokens) for example in examples]
        groups = self.plan(lengths, budget=self.run.budget, overhead=self.run.overhead)
        costs = [max(lengths[i] for i in group) * len(group) for group in groups]
        mine = share_out(groups, costs, self.workers.size)[self.workers.rank]
        return [[examples[i] for i in groups[index]] for index in sorted(mine)]

    def add_gradients(self, examples: Sequence[Example], step: int) -> float:
        """Add the gradient of the token mean over `examples`; return that mean.

        Out of memory halves the token budget and starts the step again, without losing it.
        """
        supervised = sum(example.supervised for example in examples)
        while True:
            seed_step(self.recipe.seed, step, self.workers.rank)
            groups = self.micro_batches(examples)
            parts: list[torch.Tensor] = []
            failed: BaseException | None = None
            try:
                for group in groups:
                    tokens, targets = collate(group, self.pad)
                    loss = summed_loss(self.model, tokens, targets, self.device)
                    scaled = loss / supervised
                    if self.run.scale != 1:
                        scaled = scaled * self.run.scale
                    torch.autograd.backward(scaled)
                    parts.append(loss.detach())
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                failed = error
            if self.workers.any(failed is not None):
                self.shrink_budget(examples, failed)
            elif self.run.scale != 1 and self.workers.any(not unscale(self.weights, self.run)):
                self.shrink_scale()
            else:
                break
        total = torch.stack(parts).double().sum() if parts else torch.zeros((), dtype=torch.double)
        total = total.to(self.device, torch.float32).reshape(1)
        self.workers.sum([total])
        self.run.computed += sum(max(len(e.tokens) for e in group) * len(group) for group in groups)
        mean = total.item() / supervised
        if not math.isfinite(mean):
            self.complain(parts, groups, step, mean)
        return mean

    def shrink_budget(self, examples: Sequence[Example], error: BaseException | None) -> None:
        """Forget the half-done step and halve the token budget."""
        longest = max(len(example.tokens) for example in examples)
        self.optimizer.zero_grad(set_to_none=True)
        if error is not None:
            error.__traceback__ = None  # its frames hold the tensors that filled the memory
        gc.collect()
        if self.run.budget <= longest:
            raise TrainingError(
                f"out of memory with one example of {longest} tokens; lower finetune.max_length,"
                f" {self.recipe.smaller} or gradient_checkpointing, or a larger device"
            )
        self.run.budget = halved(self.run.budget, least=longest, memory=self.memory)

    def shrink_scale(self) -> None:
        """Halve the scale of a float16 loss whose gradients overflowed; the step is repeated."""
        self.optimizer.zero_grad(set_to_none=True)
        self.run.scale = max(1.0, self.run.scale / 2)
        log.warning("float16 gradients overflow: their scale is now %g", self.run.scale)

    def complain(
        self,
        parts: Sequence[torch.Tensor],
        groups: Sequence[Sequence[Example]],
        step: int,
        mean: float,
    ) -> None:
        """Stop because of a loss that is no number, saying where."""
        epoch = step // self.steps_per_epoch + 1
        odd = [
            example.id
            for part, group in zip(parts, groups)
            if not math.isfinite(float(part))
            for example in group
        ]
        kept = f"; the last good checkpoint is kept in {self.folder}" if self.folder else ""
        raise TrainingError(
            f"the loss is {mean} at step {step + 1} of {self.total} (epoch {epoch}), in a"
            f" micro-batch of the rows {', '.join(odd[:8]) or '(another worker)'}{kept};"
            f" lower the learning rate or look at these rows"
        )

    def do_step(self) -> float:
        """Do the next optimiser step; return its loss."""
        run, recipe = self.run, self.recipe
        epoch, place = divmod(run.step, self.steps_per_epoch)
        order = epoch_order(len(self.training), seed=recipe.seed, epoch=epoch)
        chosen = effective_batches(order, recipe.effective_batch)[place]
        examples = [self.training[i] for i in chosen]
        self.model.train()
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.add_gradients(examples, run.step)
        gradients = []
        for weight in self.weights.values():
            if weight.grad is None:  # of a worker that had no micro-batch, or not reached at all
                weight.grad = torch.zeros_like(weight)
            gradients.append(weight.grad)
        self.workers.sum(gradients)
        if not self.checked:  # once in every process, that is also after a checkpoint
            run.gradients = prove_gradients(self.model)
            self.checked = True
        norm = torch.nn.utils.clip_grad_norm_(
            list(self.weights.values()), recipe.clip_norm or math.inf
        )
        if not bool(torch.isfinite(norm)):
            self.complain([], [], run.step, float("nan"))
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate_at(run.step, self.total, recipe)
        self.optimizer.step()
        supervised = sum(example.supervised for example in examples)
        run.step += 1
        run.epoch_loss += loss * supervised
        run.epoch_supervised += supervised
        run.supervised += supervised
        run.tokens += sum(len(example.tokens) for example in examples)
        return loss

    # ---- epochs -----------------------------------------------------------------------------

    @torch.no_grad()
    def validation_loss(self) -> float:
        """Mean negative log-likelihood of a supervised validation token."""
        self.model.eval()
        sums = torch.zeros(2, dtype=torch.float32, device=self.device)
        while True:
            sums.zero_()
            failed: BaseException | None = None
            try:
                for group in self.micro_batches(self.validation):
                    tokens, targets = collate(group, self.pad)
                    sums[0] += summed_loss(self.model, tokens, targets, self.device)
                    sums[1] += sum(example.supervised for example in group)
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                failed = error
            if not self.workers.any(failed is not None):
                break
            self.shrink_budget(self.validation, failed)
        self.workers.sum([sums])
        return float(sums[0] / sums[1])

    def end_epoch(self, started: float) -> None:
        """Validate, note the epoch in the history and keep the weights if they are the best."""
        run = self.run
        epoch = math.ceil(run.step / self.steps_per_epoch)  # the last one may be cut short
        loss = self.validation_loss()
        trained = run.epoch_loss / run.epoch_supervised if run.epoch_supervised else None
        run.history.append(
            {
                "epoch": epoch,
                "step": run.step,
                "learning_rate": learning_rate_at(max(0, run.step - 1), self.total, self.recipe),
                "train_loss": trained,
                "validation_loss": loss,
                "validation_perplexity": math.exp(min(loss, 700.0)),
                "tokens": run.tokens,
                "supervised_tokens": run.supervised,
                "seconds": round(run.seconds + time.monotonic() - started, 3),
            }
        )
        log.info(
            "epoch %d of %d: training loss %s, validation perplexity %.4f",
            epoch,
            self.recipe.epochs,
            "-" if trained is None else f"{trained:.4f}",
            math.exp(min(loss, 700.0)),
        )
        noted = {f"epoch/{k}": v for k, v in run.history[-1].items() if v is not None}
        self.note(noted, run.step)
        run.epoch_loss, run.epoch_supervised = 0.0, 0
        if epoch and (loss < run.best_loss or not run.best):
            run.best_epoch, run.best_loss = epoch, loss
            for name, weight in self.weights.items():  # in place: these may be many gigabytes
                if name in run.best:
                    run.best[name].copy_(weight.detach())
                else:
                    run.best[name] = weight.detach().to("cpu", copy=True)

    def is_stale(self) -> bool:
        """Whether early stopping says that no epoch of late was better."""
        patience = self.recipe.early_stopping
        epoch = self.run.step // self.steps_per_epoch
        return patience is not None and epoch - self.run.best_epoch >= patience

    # ---- the whole run ----------------------------------------------------------------------

    def restore(self) -> None:
        """Continue from the newest checkpoint of this very run, if there is one."""
        state = load_checkpoint(self.folder, self.fingerprint) if self.folder else None
        if state is None:
            return
        for name, weight in self.weights.items():
            weight.data.copy_(state["weights"][name])
        self.optimizer.load_state_dict(state["optimizer"])
        self.run = Run(**state["run"])
        if self.memory:  # it may have run out after the checkpoint
            self.run.budget = self.workers.least(self.memory.at_most(self.run.budget))
        self.run.resumed += 1
        log.info("continuing after step %d of %d", self.run.step, self.total)

    def save(self, started: float) -> None:
        """Write a checkpoint of the present state (first worker only)."""
        if self.folder is None or self.workers.rank != 0:
            return
        state = {**vars(self.run), "seconds": self.run.seconds + time.monotonic() - started}
        weights = {name: w.detach() for name, w in self.weights.items()}
        save_checkpoint(
            self.folder,
            {
                "fingerprint": self.fingerprint,
                "weights": weights,
                "optimizer": self.optimizer.state_dict(),
                "run": state,
            },
        )

    def train(self) -> Run:
        """Train to the end (or raise `Interrupted` after a checkpoint); weights = best epoch's."""
        self.restore()
        run = self.run
        started = saved = time.monotonic()
        longest_step = 0.0
        if run.step == 0 and not run.history:
            self.end_epoch(started)  # the untuned base, as epoch 0
        progress = Progress(self.total, run.step)
        while run.step < self.total and not (
            run.step % self.steps_per_epoch == 0 and self.is_stale()
        ):
            step_started, tokens_before = time.monotonic(), run.tokens
            loss = self.do_step()
            self.losses.append(loss)
            self.note({"loss": loss}, run.step)
            at_end = run.step % self.steps_per_epoch == 0 or run.step == self.total
            if at_end:
                self.end_epoch(started)
            now = time.monotonic()
            longest_step = max(longest_step, now - step_started)
            progress.step(run.step, loss=loss, tokens=run.tokens - tokens_before)
            stopping = self.workers.any(self.stop.check(longest_step))
            if stopping or at_end or now - saved >= self.checkpoint_seconds:
                self.save(started)
                saved = now
            if stopping and run.step < self.total:
                raise Interrupted(
                    f"stopped after step {run.step} of {self.total}"
                    f" ({self.stop.reason or 'another worker stopped'}); a checkpoint is written,"
                    f" running this job again continues there"
                )
        run.seconds += time.monotonic() - started
        self.optimizer.zero_grad(set_to_none=True)
        others = run.best_epoch != run.history[-1]["epoch"]
        for name, weight in self.weights.items():
            if others:
                run.last[name] = weight.detach().to("cpu", copy=True)
            weight.data.copy_(run.best.pop(name))
        self.model.eval()
        return run
