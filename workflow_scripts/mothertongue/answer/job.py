"""Which question sets a job answers, and the model that answers them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..answer.generate import QuestionSet
from ..answer.partial import PartialAnswers
from ..files import (
    Row,
    file_hash,
    read_json,
    read_jsonl,
    text_hash,
)


def fingerprint(provenance: Mapping[str, Any], questions: Sequence[Row]) -> str:
    """Everything that an answer depends on, as one hash."""
    return text_hash(json.dumps([provenance, questions], ensure_ascii=False, sort_keys=True))


def opened(
    questions: Path, partial: Path, made_by: Mapping[str, Any], *, wait: bool = True
) -> QuestionSet:
    """A question set with the answers that are kept so far."""
    asked = read_jsonl(questions)
    kept = PartialAnswers(partial, fingerprint(made_by, asked), wait=wait)
    return QuestionSet(asked, kept, questions.stem)


def answered(paths: dict[str, str], made_by: Mapping[str, Any]) -> bool:
    """Whether the answers to a set are there, made just as these would be."""
    if not Path(paths["answers"]).is_file() or not Path(paths["provenance"]).is_file():
        return False
    told = read_json(Path(paths["provenance"]))
    known = {**made_by, "questions": file_hash(Path(paths["questions"]))}
    return all(told.get(key) == value for key, value in known.items())


def opened_beside(
    beside: Sequence[dict[str, str]], made_by: Mapping[str, Any]
) -> list[QuestionSet]:
    """Other sets of the adapter that can be answered now and that nobody is answering."""
    found = []
    for paths in beside:
        if not Path(paths["questions"]).is_file() or answered(paths, made_by):
            continue
        try:
            one = opened(Path(paths["questions"]), Path(paths["partial"]), made_by, wait=False)
        except BlockingIOError:
            continue
        if one.complete:
            one.partial.close()
        else:
            found.append(one)
    return found


def prepared(base: Any, tokenizer: Any, adapter: Path | None) -> tuple[Any, dict[str, Any]]:
    """The base with its adapter, proved to be applied, and what the provenance says of them."""
    from mothertongue.inference import models

    facts: dict[str, Any] = {}
    if adapter:
        base = models.attach_adapter(base, adapter.parent)
        facts["adapter_proof"] = models.prove_adapter(base, tokenizer)
    base.eval()
    return base, facts | {"compute_dtype": str(base.dtype)}
