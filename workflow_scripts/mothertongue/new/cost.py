"""What a new study will cost, before anything is downloaded: money for translation, GPU-hours."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..api.prices import Price, tokens_of
from ..estimate import gpu, workload
from ..estimate.sheets import ModelSheet
from ..files import write_jsonl
from ..study import Study
from ..study.paths import ENGLISH, NATIVE, Layout
from .look import Looked

PROMPT = 60  # tokens of a translation prompt around the text
GROWTH = 1.3  # tokens of a translation per token of its source


@dataclass(frozen=True, slots=True)
class Cost:
    """Calls and characters to the translator, US dollars (None: no price known), GPU-hours and card."""

    calls: int
    characters: int
    dollars: float | None
    gpu_hours: float
    card: str

    def __str__(self) -> str:
        """One line for people."""
        money = (
            "unknown (no price in prices.per_million)"
            if self.dollars is None
            else (f"US$ {self.dollars:,.2f}" if self.dollars else "nothing to pay")
        )
        hours = f"{self.gpu_hours:.1f} GPU-hours ({self.card})" if self.gpu_hours else "no GPU"
        return f"about {self.calls:,} texts of {self.characters:,} characters to translate, {money}; {hours}"


def cost_of(study: Study, language: str, native: Looked, english: Looked | None) -> Cost:
    """The cost of a study of one language. Without English rows at hand, native ones stand for them."""
    size = native.rows - study.heldout
    source = (english or native).pairs
    drawn = [source[number % len(source)] for number in range(size)]
    texts = [text for pair in drawn for text in pair]
    (name,) = study.translators
    sheet = workload.calling(study, study.translators[name])
    price, tokens = Price(**sheet["price"]), [tokens_of(text) for text in texts]
    usd = (
        price.characters * sum(map(len, texts))
        + price.input_tokens * sum(PROMPT + one for one in tokens)
        + price.output_tokens * GROWTH * sum(tokens)
    ) / 1e6
    with tempfile.TemporaryDirectory() as folder:
        files, root = Layout(folder), Path(folder)
        _write(files.at(NATIVE, scope=language), native.pairs[:size])
        _write(files.at(ENGLISH, scope=language), drawn)
        sheets = [ModelSheet.from_params(one) for one in workload.models(study, root, local=True)]
        hours = sum(need.hours for one in sheets for need in gpu.needs(one, root))
    card = gpu.card_of(sheets[0]).name
    return Cost(len(texts), sum(map(len, texts)), usd if sheet["priced"] else None, hours, card)


def _write(path: str, pairs: Sequence[tuple[str, str]]) -> None:
    write_jsonl(path, [{"instruction": a, "output": b} for a, b in pairs])
