"""Turn benchmark files and hub datasets into the splits of a task, for lm-eval.

The task pack's YAML files name `load` as their `custom_dataset`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import InputError
from ..files import is_missing, text_hash
from ..hub import Lock, dataset_files, read_lock
from ..study.tasks import hub_splits
from .items import make_items
from .read import read_rows
from .records import Item, NumberItem, Report

FIRST, CUT = "first", "cut"  # lm-eval's demonstrations: one set for all subjects; worked ones cut


class Source(NamedTuple):
    """Rows, what each is called in messages (file, row number), and what holds them all."""

    rows: list[dict[str, Any]]
    places: list[str]
    name: str


def read_files(files: Iterable[str | Path], name: str | None = None) -> Source:
    """The rows of benchmark files, in order."""
    files = list(files)
    rows: list[dict[str, Any]] = []
    places: list[str] = []
    for file in files:
        part = read_rows(file)
        rows += part
        places += [f"{file}, row {number}" for number in range(1, len(part) + 1)]
    return Source(rows, places, name or ", ".join(map(str, files)))


def source_rows(
    entry: Mapping[str, Any] | None, language: str, files: list[str] | None, lock: Lock
) -> Source:
    """Rows of local files if given, else of the hub entry {path, name, split, revision}."""
    if files:
        return read_files(files)
    if not entry:
        raise InputError(
            "this task has no dataset of its own: name a file under"
            " evaluate.benchmarks.*.dataset.path (and `demonstrations` for shots)"
        )
    rows: list[dict[str, Any]] = []
    places: list[str] = []
    for subset, subject in hub_splits(entry, language):
        commit, paths = dataset_files(
            entry["path"], subset, entry["split"], entry.get("revision"), lock
        )
        part = read_files(paths)
        if subject:
            for place, row in enumerate(part.rows):
                own = place if is_missing(row.get("id")) else row["id"]
                row |= {"id": f"{subject}/{own}", "subject": subject}
        rows += part.rows
        places += part.places
    name = f"{entry['path']} ({entry['split']}, {language}, commit {commit[:12]})"
    if "prefix" in entry:  # one split holds all languages; ids say which
        start = entry["prefix"][language]
        kept = [n for n, row in enumerate(rows) if str(row["id"]).startswith(start)]
        return Source([rows[n] for n in kept], [places[n] for n in kept], name)
    return Source(rows, places, name)


def load(
    *,
    family: str,
    language: str,
    languages: Mapping[str, Mapping[str, Any]],
    hub: Mapping[str, Mapping[str, Any]] | None = None,
    files: list[str] | None = None,
    demonstration_files: list[str] | None = None,
    lock: str | None = None,
    shots: int = 0,
    per_subject: bool | None = None,
    paired: str | None = None,
    report: Report | None = None,
    subjects: dict[str, str] | None = None,
    limit: int | None = None,
    cluster: str | None = None,
    numbers: str | None = None,
    parallel: bool = False,
    missing: str = "error",
    arabic_marks: str = "keep",
    harness: Mapping[str, Any] | None = None,
    as_harness: bool = False,
    **_: Any,
) -> dict[str, Any]:
    """Build the splits `test` and `demonstrations` of a task in one language (for lm-eval).

    `lock` is the path of the hub's lock (hub.py), `subjects` the display names of subjects;
    `report` takes sources, dropped items and notes for the score file. `cluster`, `parallel` and
    `missing` are as in `items.make_items`; `numbers` is the language in whose form all gold
    answers are written, if not each in its own; `arabic_marks` says whether the metrics keep or
    drop tatweel and diacritics. `as_harness`: demonstrations as lm-eval's own task has them, by what
    the task says under `harness`.
    """
    import datasets

    variant = (harness or {}).get("demonstrations") if as_harness else None
    if as_harness and not variant:
        raise InputError("this task has no demonstrations of lm-eval's own to take")
    if variant == FIRST:
        per_subject = False

    hub = {key: {"subjects": subjects, **entry} for key, entry in (hub or {}).items()}
    report = report if report is not None else {}
    sources = report.setdefault("sources", {})
    pins = read_lock(lock) if lock else {}

    def items_of(part: str, local: list[str] | None = None) -> list[Item]:
        return checked(source_rows(hub.get(part), language, local, pins), part)

    def checked(source: Source, part: str) -> list[Item]:
        sources[part] = source.name
        shots_only = part == "demonstrations"
        return make_items(
            source.rows,
            family,
            source.name,
            places=source.places,
            language=numbers or language,
            cluster=None if shots_only else cluster,
            parallel=parallel,
            # rows of a human translation are known by their position alone, so that none may go
            missing="error" if part == "human" else missing,
            report=None if shots_only else report,
        )

    demonstrations: list[Item] = []
    items: Sequence[Item]
    evaluated: Sequence[Item]
    if paired:
        from .paired import pair

        items, evaluated = pair(paired, language, hub, files, items_of, checked, report)
    else:
        items = evaluated = items_of("test", files)
    if shots:
        if files and not demonstration_files and "demonstrations" not in hub:
            raise InputError(
                f"{sources['test']}: {shots} shots need demonstrations; name a file under"
                " evaluate.benchmarks.*.demonstrations, or set shots: 0"
            )
        demonstrations = items_of("demonstrations", demonstration_files)
        if paired:
            demonstrations = [
                replace(item, subject=item.id.split("/")[0]) for item in demonstrations
            ]
        demonstrations = choose_demonstrations(
            demonstrations, items, evaluated, shots, per_subject, report
        )
    words = {k: v for k, v in languages[language].items() if k != "until"}
    own = {"arabic_marks": arabic_marks} if family == "short-answer" else {}
    wording = Wording(language, words, subjects or {})
    return {
        name: datasets.Dataset.from_list(
            [wording.doc(item, cut and variant == CUT) | ({} if cut else own) for item in split]
        )
        for name, split, cut in (
            ("test", take(items, limit), False),
            ("demonstrations", demonstrations, True),
        )
    }


def take(items: Sequence[Item], limit: int | None) -> Sequence[Item]:
    """The first `limit` items, in turn from each subject, in their old order."""
    if not limit or limit >= len(items):
        return items
    turns: Counter[str] = Counter()
    ranked = []
    for place, item in enumerate(items):
        ranked.append((turns[item.subject], place))
        turns[item.subject] += 1
    return [items[place] for place in sorted(place for _, place in sorted(ranked)[:limit])]


def choose_demonstrations(
    demonstrations: list[Item],
    items: Sequence[Item],
    evaluated: Sequence[Item],
    shots: int,
    per_subject: bool | None,
    report: Report,
) -> list[Item]:
    """The first `shots` demonstrations, of each subject or for all; never an evaluated item.

    `per_subject` null: of each subject if all have enough of them. A subject that has fewer (a
    translated set lost some) gets those it has, which the report says; one without any is an
    `InputError`. Demonstrations for all come back with an empty subject.
    """
    known = {_content(item) for item in evaluated}
    kept = [item for item in demonstrations if _content(item) not in known]
    notes = report.setdefault("notes", [])
    if len(kept) < len(demonstrations):
        notes.append(
            f"{len(demonstrations) - len(kept)} demonstrations left out: items of the test"
        )
    by_subject: defaultdict[str, list[Item]] = defaultdict(list)
    for item in kept:
        by_subject[item.subject].append(item)
    counts = {subject: len(by_subject[subject]) for subject in {item.subject for item in items}}
    short = {subject: n for subject, n in sorted(counts.items()) if n < shots}
    if per_subject or (per_subject is None and not short):
        if 0 in short.values():
            none = ", ".join(subject or "(no subject)" for subject, n in short.items() if n == 0)
            raise InputError(
                f"{report['sources']['demonstrations']}: no demonstrations for {none};"
                " the test has such items"
            )
        if short:
            told = ", ".join(f"{subject} {n}" for subject, n in short.items())
            notes.append(f"fewer than {shots} demonstrations: {told}")
        return [item for subject in sorted(counts) for item in by_subject[subject][:shots]]
    if len(kept) < shots:
        raise InputError(
            f"{report['sources']['demonstrations']}: {shots} shots asked for, but there are only"
            f" {len(kept)} demonstrations that are not items of the test"
        )
    return [replace(item, subject="") for item in kept[:shots]]


def _content(item: Item) -> str:
    """What makes two items the same, whatever their ids."""
    keys = ("context", "question", "instruction", "A", "B", "C", "D", "options")
    return text_hash(*(str(getattr(item, key, "")) for key in keys))


@dataclass(frozen=True, slots=True)
class Wording:
    """The words around an item in one language, as a task has them, and what its subjects are called."""

    language: str
    words: Mapping[str, Any]
    subjects: Mapping[str, str]

    def doc(self, item: Item, cut: bool = False) -> dict[str, Any]:
        """lm-eval's `doc` of an item, whose prompt it writes by the task's own template.

        Heads that belong to the words are taken off the item. `cut`: a worked demonstration as
        lm-eval writes it, with the head that its row has and without the first characters of its
        solution, as many as the words say, whatever they are.
        """
        words = dict(self.words)
        if isinstance(item, NumberItem):
            if cut:
                item = replace(item, solution=item.solution[words["cut"] :])
                words["question"] = ""
            else:
                question = _without_head(item.question, words["question"])
                solution = _without_head(item.solution, words["solution"])
                item = replace(item, question=question, solution=solution)
        doc = asdict(item) | {"language": self.language}
        if "preamble" in words:
            known = self.subjects.get(item.subject, item.subject.replace("_", " "))
            doc["preamble"] = words["preamble"].replace("{subject}", known)
        return doc | {"words": words}


def _without_head(text: str, head: str) -> str:
    """Remove `Pregunta: ` (any colon, any spacing) from the start of a text."""
    bare = head.rstrip(":： ")
    if text.replace(" ", "").startswith(bare.replace(" ", "")):
        for mark in (":", "："):
            start, found, rest = text.partition(mark)
            if found and start.replace(" ", "") == bare.replace(" ", ""):
                return rest.strip()
    return text.strip()
