"""The workflow's model class for lm-eval: the public name of `inference.prefix`."""

from ..inference.prefix import PrefixLM

__all__ = ["PrefixLM"]
