"""The job server: `python -m mothertongue.preload SOCKET`."""

import gc
import importlib
import sys
from pathlib import Path

from .job_server import JobServer
from .sockets import listen

LIBRARIES = ("torch", "transformers", "peft", "bitsandbytes", "lm_eval", "lm_eval.tasks")
MODULES = (  # what jobs import inside their functions; not polars, whose threads forbid forking
    "lm_eval.evaluator",
    "lm_eval.models.huggingface",
    "transformers.models.auto.modeling_auto",
    "transformers.models.llama.modeling_llama",
    "transformers.generation",
    "transformers.integrations.bitsandbytes",
    "peft.tuners.lora",
    "safetensors.torch",
    "mothertongue.inference.base",
    "mothertongue.inference.models",
    "mothertongue.evaluate.data",
    "mothertongue.evaluate.metrics",
    "mothertongue.evaluate.score",
    "mothertongue.evaluate.harness_task",
    "mothertongue.evaluate.pack",
    "mothertongue.inference.prefix",
    "mothertongue.finetune.launch",
    "mothertongue.finetune.run",
    "mothertongue.finetune.base",
)


def import_libraries() -> None:
    """Import what jobs need, with one thread, so that this process can be forked."""
    for name in (*LIBRARIES, *MODULES):
        try:
            importlib.import_module(name)
        except Exception as error:  # the job that needs it will say so itself
            print(f"{name}: {error}", flush=True)
    import torch

    torch.set_num_threads(1)
    gc.collect()
    gc.freeze()


def serve(address: Path) -> None:
    """Listen at once; the libraries are imported when the first job is to be forked."""
    listener = listen(address)
    try:
        JobServer(listener, listening=True, prepare=import_libraries).run()
    finally:
        address.unlink(missing_ok=True)
        address.with_suffix(".log").unlink(missing_ok=True)


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
