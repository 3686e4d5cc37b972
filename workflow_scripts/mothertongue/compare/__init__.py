"""Compares anyone's runs: paired differences, equivalence, rankings, from logs or from a frame.

    from mothertongue.compare import compare, compare_logs

`mothertongue.compare(frame)` is the same as `compare(frame)`: a package and a function share this name,
so the package can be called.
"""

import sys
from types import ModuleType
from typing import Any

from .frames import compare, compare_logs

__all__ = ["compare", "compare_logs"]


class _Callable(ModuleType):
    def __call__(self, *arguments: Any, **options: Any) -> Any:
        return compare(*arguments, **options)


sys.modules[__name__].__class__ = _Callable
