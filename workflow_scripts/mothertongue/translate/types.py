"""What a back end of translation offers, so that rows and the engine can use any of them."""

from typing import Protocol

from ..api.types import Request, Sender


class Translator(Sender, Protocol):
    """A back end that is asked text by text. `limit`: characters of one call, or None.

    It may also have what `Sender` names. The recorded translator is none: it looks whole texts up.
    """

    limit: int | None

    def request(self, text: str, source: str, target: str) -> Request:
        """Everything that determines the translation of a text."""
        ...
