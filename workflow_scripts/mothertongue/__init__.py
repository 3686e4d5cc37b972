"""Shared modules of the mothertongue workflow: one sub-package per stage, plus the contracts."""

__version__ = "1.1.0"


def __getattr__(name: str) -> object:
    """`mothertongue.compare`, imported when it is asked for."""
    if name == "compare":
        from importlib import import_module

        return import_module(".compare", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
