"""Model and dataset cards: the README.md of an adapter or a translated set, as the hub reads it.

The front matter is made by huggingface_hub's own classes; the text says what the files of results say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..files import atomic, read_json

if TYPE_CHECKING:
    from huggingface_hub import CardData, EvalResult

TAGS = ["mothertongue", "instruction-tuning"]
WHOLE, ADAPTER = "whole model", "LoRA adapter"


@dataclass(frozen=True, slots=True)
class Tuned:
    """What the study knows of an adapter or a tuned model.

    `datasets`: names on the hub; `labels`: benchmark -> its label; `whole`: all weights were trained.
    """

    study: str
    title: str
    base: str | None
    languages: tuple[str, ...]
    data: str
    datasets: tuple[str, ...]
    labels: Mapping[str, str]
    whole: bool


@dataclass(frozen=True, slots=True)
class Translated:
    """What the study knows of a translated set. `licence`: of its source, as far as it is stated."""

    study: str
    title: str
    language: str
    translator: str
    backend: str
    model: str | None
    source: str | None
    licence: str | None


def write_card(path: Path, data: "CardData", text: str, *, dataset: bool) -> None:
    """Write a card: front matter and text."""
    from huggingface_hub import DatasetCard, ModelCard

    kind = DatasetCard if dataset else ModelCard
    card = kind(f"---\n{data.to_yaml()}\n---\n\n{text}", ignore_metadata_errors=False)
    with atomic(path) as temporary:
        temporary.write_text(str(card), encoding="utf-8")


def evaluations(scores: Sequence[Path], labels: Mapping[str, str]) -> "list[EvalResult]":
    """The main metric of each score file, as the hub's leaderboards read it."""
    from huggingface_hub import EvalResult

    found = []
    for path in scores:
        score = read_json(path)
        metric = score["metric"]
        value = score["metrics"][metric]["value"]
        if value is None:
            continue
        name = labels.get(score["benchmark"], score["benchmark"])
        found.append(
            EvalResult(
                task_type="text-generation",
                dataset_type=score["task"],
                dataset_name=f"{name} ({score['language']})",
                dataset_config=score["language"],
                metric_type=metric,
                metric_name=f"{metric} ({score['unit'][metric]})",
                metric_value=value,
                verified=False,
            )
        )
    return found


def _score_rows(scores: Sequence[Path], labels: Mapping[str, str]) -> list[str]:
    rows = ["| test | language | metric | score | standard error | items | by chance |"]
    rows.append("|---|---|---|---|---|---|---|")
    for path in scores:
        score = read_json(path)
        main = score["metrics"][score["metric"]]
        cells = [
            labels.get(score["benchmark"], score["benchmark"]),
            score["language"],
            f"{score['metric']} ({score['unit'][score['metric']]})",
            *("" if v is None else f"{v:.2f}" for v in (main.get("value"), main.get("stderr"))),
            str(main.get("n", score["n"])),
            "" if score["chance"] is None else f"{score['chance']:.1f}",
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def adapter_card(path: Path, tuned: Tuned, provenance: Path, scores: Sequence[Path]) -> None:
    """Write the card of an adapter or a tuned model from its provenance and its scores."""
    from huggingface_hub import ModelCardData

    found: dict[str, Any] = read_json(provenance)
    recipe, training = found["recipe"], found["training"]
    results = evaluations(scores, tuned.labels)
    data = ModelCardData(
        base_model=tuned.base,
        language=list(tuned.languages),
        library_name="transformers" if tuned.whole else "peft",
        pipeline_tag="text-generation",
        datasets=list(tuned.datasets) or None,
        tags=TAGS + ([] if tuned.whole else ["lora"]),
        model_name=tuned.title,
        eval_results=results or None,
    )
    commit = found["base"].get("commit")
    shown = {**recipe, **({} if tuned.whole else {"LoRA rank": found["lora"]["r"]})}
    lines = [
        f"# {tuned.title}",
        "",
        f"A {WHOLE if tuned.whole else ADAPTER} of the study {tuned.study}, made with mothertongue. It is one"
        " condition of an experiment that compares training data, not an assistant for users.",
        "",
        "## Base",
        "",
        f"{found['base']['base']}" + (f" at commit {commit}" if commit else "") + ". Its licence holds for"
        " this model, too.",
        "",
        "## Training data",
        "",
        f"{tuned.data}, {', '.join(tuned.languages)}: {training['rows']} rows.",
        "",
        "## Recipe",
        "",
        "| setting | value |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in shown.items()),
        "",
        "## Scores",
        "",
        *(_score_rows(scores, tuned.labels) if scores else ["The study has no test of this model."]),
        "",
        "Compare them with those of the study's other conditions only: prompts, shots and items are the same"
        " there.",
        "",
        "## Intended use",
        "",
        "Checking and extending the study: its `provenance.json` has what is needed to train this again.",
        "",
        "## Limits",
        "",
        "The model was tuned on few rows and was not tested for safety, bias or truthfulness. It may answer"
        " in another language than that of the question, and it may invent facts.",
        "",
    ]  # fmt: skip
    write_card(path, data, "\n".join(lines), dataset=False)


def translated_card(path: Path, made: Translated, report: Path) -> None:
    """Write the card of a translated set from the report of its translation."""
    from huggingface_hub import DatasetCardData

    found: dict[str, Any] = read_json(report)
    data = DatasetCardData(
        language=[made.language] if made.language != "multi" else None,
        license=made.licence,
        tags=[*TAGS, "machine-translated"],
        task_categories=["text-generation"],
        source_datasets=[made.source] if made.source else None,
        pretty_name=made.title,
        annotations_creators=["machine-generated"],
    )
    licence = made.licence or "not stated by the study; ask the source before you hand this set on"
    problems = [f"| {name} | {count} |" for name, count in found["problems"].items()]
    ratio = found["length_ratio"]
    lines = [
        f"# {made.title}",
        "",
        f"Instruction data of the study {made.study}, translated by a machine with mothertongue.",
        "",
        "## Translator",
        "",
        f"{made.translator} (back end {made.backend}" + (f", {made.model}" if made.model else "") + ").",
        "",
        "## Source and licence",
        "",
        f"Source: {made.source or 'files of the study'}. Licence of the source: {licence}.",
        "",
        "## Checks",
        "",
        f"{found['asked']} rows were asked for; {found['rows']} are here. {found['quarantined_rows']} rows"
        f" ({100 * found['quarantined_share']:.1f} %) were quarantined, as no attempt passed the checks, and"
        f" are not here. {found['mended_rows']} rows were mended, {found['flagged_rows']} are flagged,"
        f" {found['left_out_rows']} were left out.",
        "",
        f"Length of the translation for one character of the source: instructions {ratio['instruction']},"
        f" outputs {ratio['output']}.",
        "",
        *(["| problem | texts |", "|---|---|", *problems, ""] if problems else []),
        "## Limits",
        "",
        "The rows were not read by people. Facts, names and examples are those of the source language.",
        "",
    ]  # fmt: skip
    write_card(path, data, "\n".join(lines), dataset=True)
