"""A stand-in for CUDA's start-up, put before everything by PYTHONPATH.

It keeps CUDA's rules, as far as they decide whether a job can run: CUDA starts lazily, at the first
call that needs a device; a child that is forked afterwards cannot use it ("Cannot re-initialize CUDA
in forked subprocess"); CUDA_VISIBLE_DEVICES says which devices there are; importing bitsandbytes
starts it, as bitsandbytes 0.50 does; memory is as small as $FAKE_CUDA_TOKENS says. The arithmetic stays on the CPU: `pick_device`, through which
every model of the workflow is put on a device, starts the stand-in and returns "cpu".

$FAKE_CUDA_LOG collects a line per start: pid, devices, "started" or why not.
"""

import importlib.abc
import importlib.machinery
import os
import sys
import time

LIBRARIES = (
    "torch",
    "transformers",
    "accelerate",
    "peft",
    "bitsandbytes",
    "safetensors",
    "lm_eval",
)


class Cuda:
    """State of the stand-in in this process."""

    started = False
    forked = False


def devices():
    return [name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "0").split(",") if name]


def note(what):
    if path := os.environ.get("FAKE_CUDA_LOG"):
        with open(path, "a") as file:
            line = f"{os.getpid()} {','.join(devices()) or '-'} {what} {time.monotonic():.3f}"
            file.write(line + "\n")


def lazy_init():
    if Cuda.forked:
        note("refused")
        raise RuntimeError("Cannot re-initialize CUDA in forked subprocess")
    if not devices():
        raise RuntimeError("No CUDA GPUs are available")
    if not Cuda.started:
        Cuda.started = True
        note("started")


def after_fork():
    Cuda.forked, Cuda.started = Cuda.forked or Cuda.started, False


os.register_at_fork(after_in_child=after_fork)


def is_available():
    """Libraries compute on the CPU here, so only the workflow's own code is told of devices."""
    caller = sys._getframe(1).f_globals.get("__name__", "")
    return bool(devices()) and not caller.startswith(LIBRARIES)


def patch_torch(torch):
    cuda, gib = torch.cuda, 1 << 30

    def needs_device(value):
        def call(*_, **__):
            lazy_init()
            return value

        return call

    torch.version.cuda = "12.8"
    cuda.is_available = is_available
    cuda.device_count = lambda: len(devices())
    cuda.is_initialized = lambda: Cuda.started
    cuda._is_in_bad_fork = lambda: Cuda.forked
    cuda._lazy_init = cuda.init = lazy_init
    cuda.get_device_capability = needs_device((8, 0))
    cuda.get_device_name = needs_device("stand-in")
    cuda.is_bf16_supported = needs_device(True)
    cuda.mem_get_info = needs_device((8 * gib, 16 * gib))
    for name in ("memory_allocated", "memory_reserved", "max_memory_allocated"):
        setattr(cuda, name, lambda *_, **__: 0)
    for name in ("manual_seed", "manual_seed_all", "empty_cache", "synchronize"):
        setattr(cuda, name, lambda *_, **__: None)


def patch_bitsandbytes(_):
    import torch

    if devices():
        torch.cuda.get_device_capability()


def patch_devices(module):
    real = module.pick_device

    def pick_device():
        if real() != "cpu":
            lazy_init()
        return "cpu"

    module.pick_device = pick_device


def patch_forward(module):
    """Evaluations run out of memory with more than $FAKE_CUDA_TOKENS tokens in a pass.

    Where $FAKE_CUDA_FAILS names a file that is not there, the first pass of all does, with one row too.
    """
    real = module.BudgetLM._forward

    def forward(self, ids, *arguments, **keywords):
        once, most = os.environ.get("FAKE_CUDA_FAILS"), os.environ.get("FAKE_CUDA_TOKENS")
        if once and not os.path.exists(once):
            open(once, "w").close()
            out_of_memory()
        if most and ids.numel() > int(most) and len(ids) > 1:
            out_of_memory()
        return real(self, ids, *arguments, **keywords)

    module.BudgetLM._forward = forward


def patch_training(module):
    """The same for trainings."""
    real = module.summed_loss

    def summed_loss(model, tokens, *arguments, **keywords):
        most = os.environ.get("FAKE_CUDA_TOKENS")
        if most and tokens.numel() > int(most) and len(tokens) > 1:
            out_of_memory()
        return real(model, tokens, *arguments, **keywords)

    module.summed_loss = summed_loss


def out_of_memory():
    import torch

    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


PATCHES = {
    "mothertongue.inference.forward": patch_forward,
    "mothertongue.finetune.train": patch_training,
    "torch": patch_torch,
    "bitsandbytes": patch_bitsandbytes,
    "mothertongue.process.devices": patch_devices,
}


class Patching(importlib.abc.MetaPathFinder):
    """Lets the import of a module be followed by its patch."""

    def find_spec(self, name, path, target=None):
        if name not in PATCHES:
            return None
        for finder in sys.meta_path:
            spec = finder.find_spec(name, path, target) if finder is not self else None
            if spec is not None:
                break
        else:
            return None
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            PATCHES[name](module)

        spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, Patching())
