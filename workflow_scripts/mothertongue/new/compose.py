"""Write the smallest useful study as commented YAML: native rows against one translator."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..errors import InputError
from .base import Base
from .benchmarks import Known
from .look import ENGLISH, Looked

AYA = "{hub: CohereLabs/aya_dataset, revision: f9ea04583f02a8f86404ff6c58bf75fe637df8a2, split: train}"
AYA_ENGLISH = 3944  # English rows of that revision
FEWEST = 20  # rows of which some can be held out and the others trained on
HELD_OUT = 100
TRANSLATORS = {  # name -> its entry, and what it needs
    "google": (
        "{label: Google Translate, backend: google}",
        "the free page; no key, rather slow",
    ),
    "google-cloud": (
        "{label: Google Translate, backend: google-cloud}",
        "paid; needs GOOGLE_API_KEY",
    ),
    "cohere": (
        "{label: Command R, backend: cohere, model: command-r-08-2024}",
        "paid; needs COHERE_API_KEY",
    ),
    "nllb": (
        "{label: NLLB-200 600M, backend: huggingface, model: facebook/nllb-200-distilled-600M}",
        "a local model; free",
    ),
    "madlad": (
        "{label: MADLAD-400 3B, backend: huggingface, model: google/madlad400-3b-mt}",
        "a local model; free, wants a GPU",
    ),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a study is written from. `english`: rows of the user's own; None: Aya's, from the hub."""

    language: str
    language_name: str
    native: Looked
    english: Looked | None
    base: Base
    translator: str
    benchmarks: Sequence[Known]

    @property
    def shared(self) -> bool:
        """Whether one file holds several languages."""
        return len(self.native.codes) > 1

    @property
    def held_out(self) -> int:
        """Native rows kept for held-out perplexity: a tenth, at most 100."""
        if len(self.native.rows) < FEWEST:
            raise InputError(
                f"{self.native.path}: {len(self.native.rows)} rows in {self.language_name}; a study needs at"
                f" least {FEWEST} (a useful one needs hundreds)"
            )
        return min(HELD_OUT, len(self.native.rows) // 10)

    @property
    def english_rows(self) -> int:
        """English rows that can be translated."""
        return len(self.english.rows) if self.english else AYA_ENGLISH


def _quoted(text: str) -> str:
    plain = re.fullmatch(r"[A-Za-z0-9_./][A-Za-z0-9_./-]*", text)
    return text if plain else json.dumps(text, ensure_ascii=False)


def _source(looked: Looked) -> str:
    columns = ", ".join(f"{field}: {_quoted(name)}" for field, name in looked.columns.items())
    return f"{{path: {_quoted(looked.path)}{f', columns: {{{columns}}}' if columns else ''}}}"


def _sample(wanted: Wanted) -> Iterator[str]:
    """The sections `languages` and `sample`."""
    code, native = wanted.language, wanted.native
    capped = len(native.rows) > wanted.english_rows
    cap = "\n    cap: english      # as many rows as there are English ones" if capped else ""
    yield "languages:"
    yield f"  {code}:               # {wanted.language_name}"
    if wanted.shared:
        yield f"    aya: {{code: {_quoted(native.codes[code])}}}    # this value of its language column{cap}"
    else:
        yield f"    native: {_source(native)}{cap}"
    yield ""
    yield "sample:"
    if wanted.shared:
        yield f"  dataset: {_source(native)}   # {wanted.language_name} and other languages"
    elif wanted.english is None:
        yield "  # The English rows that are translated: those of Aya, written by people. For your own:"
        yield "  #   english: {path: english.jsonl}"
        yield f"  dataset: {AYA}"
    if wanted.english is not None:
        yield f"  english: {_source(wanted.english)}   # the rows that are translated"
    elif wanted.shared:
        yield f"  english: {{code: {_quoted(native.codes[ENGLISH])}}}   # the rows that are translated"
    yield (
        f"  heldout: {wanted.held_out}"
        "           # native rows that nothing is trained on: a benchmark that every language has"
    )


def _model(base: Base) -> str:
    """The model's entry; an instruct model is asked through its own chat template."""
    place = f"{base.key}: {_quoted(base.base)}"
    entry = f"{{label: {_quoted(base.label)}, {place}, parameters: {base.parameters:.3e}"
    return f"{entry}{', template: chat' if base.chat else ''}}}"


def compose(wanted: Wanted, command: str, lister: str) -> str:
    """The text of the study. `command` runs it, `lister` lists its language's public benchmarks."""
    code, base = wanted.language, wanted.base
    pin = "" if base.key == "gguf" else "   # pin revision: before you publish"
    entry, needs = TRANSLATORS[wanted.translator]
    lines = [
        f"# Is translated English as good as native {wanted.language_name} for {base.label}?",
        f"# Run:   {command}",
        "# Every key and its default: config.schema.yaml. Paths are relative to the folder you run in.",
        f"study: {code}-{base.name}"[:67],
        f"description: Native {wanted.language_name} rows against English ones translated.",
        "",
        *_sample(wanted),
        "",
        "translate:",
        "  translators:",
        f"    {wanted.translator}: {entry}   # {needs}",
        "# Translations that you already have are a condition of their own:",
        f"#   data: {{ours: {{label: our translators, {code}: ours.jsonl}}}}, and ours in conditions.data",
        "",
        "models:",
        f"  {base.name}: {_model(base)}{pin}",
        "",
        "finetune:",
        "  seeds: [1, 2, 3]      # three trainings each: the least that tells luck from data",
        "",
        "conditions:",
        f"  - {{data: [native, {wanted.translator}], scope: [{code}]}}",
        "",
        "evaluate:",
        "  benchmarks:",
        "    native-perplexity: {label: held-out native perplexity, task: native-perplexity,"
        f" languages: [{code}], origin: native, kind: structured}}",
    ]
    for one in wanted.benchmarks:
        limit = f", limit: {one.limit}" if one.limit else ""
        lines.append(
            f"    {one.task}: {{label: {one.label}, task: {one.task}, languages: [{code}],"
            f" origin: {one.origin}, kind: {one.kind}{limit}}}"
        )
    if not wanted.benchmarks:
        lines.append(
            f"    # no other benchmark of the task pack has {wanted.language_name}; public ones:"
            f" {lister}; to add one: docs/add-a-benchmark.md"
        )
    return "\n".join(lines) + "\n"
