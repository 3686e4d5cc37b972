"""What a new study will cost, before anything is downloaded: money for translation, GPU-hours."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from ..api.prices import Price, tokens_of
from ..estimate import gpu, workload
from ..sample.rows import write_rows
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
        money = "price unknown (none in prices.per_million)"
        if self.dollars is not None:
            money = f"US$ {max(self.dollars, 0.01):,.2f}" if self.dollars else "nothing to pay"
        hours = f"{self.gpu_hours:.1f} GPU-hours ({self.card})" if self.gpu_hours else "no GPU"
        return f"about {self.calls:,} texts of {self.characters:,} characters to translate, {money}; {hours}"


def cost_of(study: Study, language: str, native: Looked, english: Looked | None) -> Cost:
    """The cost of a study of one language. Without English rows at hand, native ones stand for them."""
    size = len(native.rows) - study.heldout
    source = (english or native).rows
    drawn = [replace(source[n % len(source)], id=str(n)) for n in range(size)]
    texts = [text for row in drawn for text in row.content]
    characters, tokens = sum(map(len, texts)), sum(map(tokens_of, texts))
    (name,) = study.translators
    calling = workload.calling(study, study.translators[name])
    price = Price(**calling["price"])
    dollars = (
        price.characters * characters
        + price.input_tokens * (tokens + PROMPT * len(texts))
        + price.output_tokens * GROWTH * tokens
    ) / 1e6
    with tempfile.TemporaryDirectory() as folder:
        files, root = Layout(folder), Path(folder)
        write_rows(files.at(NATIVE, scope=language), native.rows[:size])
        write_rows(files.at(ENGLISH, scope=language), drawn)
        sheets = workload.models(study, root, local=True)
        hours = sum(need.hours for one in sheets for need in gpu.needs(one, root))
    card = gpu.card_of(sheets[0]).name
    return Cost(len(texts), characters, dollars if calling["priced"] else None, hours, card)
