"""Shared modules of the mothertongue workflow: one sub-package per stage, plus the contracts."""

__version__ = "1.1.0"
