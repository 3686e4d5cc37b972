"""The one exception for mistakes that a user can mend, and what errors of libraries say."""

import re

OUT_OF_MEMORY = re.compile(
    r"^(CUDA|HIP|MPS backend) out of memory|^(CUDA|HIP) error: out of memory|CUBLAS_STATUS_ALLOC_FAILED"
    r"|cudaErrorMemoryAllocation|DefaultCPUAllocator: (can't allocate|not enough) memory"
)


class InputError(ValueError):
    """Bad input. Its text is one line that names the file, row or key and says what to do."""


def first_line(error: object) -> str:
    """The first line of an error's text, or its kind where it has none."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of torch says that a device or the host has no memory left.

    Only what torch and CUDA's libraries say then; an error of ours that speaks of memory, or a CUDA
    error of another kind, is none.
    """
    kind = type(error).__name__
    if kind == "OutOfMemoryError":
        return isinstance(error, RuntimeError)
    return kind in ("RuntimeError", "AcceleratorError") and bool(OUT_OF_MEMORY.search(str(error)))
