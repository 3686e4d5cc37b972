"""Check the open questions of a study, and the judges, people and probes that need them."""

import re
from collections.abc import Iterator, Mapping

from .judging import PROBES
from .schema import Json
from .validation import CHAT, Names, Section, listed, mapping, placeholders, unknown

LOCAL = re.compile(r"http://(localhost|127\.0\.0\.1|\[::1\])[:/]")


def question_mistakes(config: Json) -> Iterator[str]:
    """Question sets without a source or a judge; judges, people and probes without questions."""
    names = Names(mapping(config))
    judge = mapping(names.config.get("judge"))
    yield from _sets(names)
    yield from _people(names, judge)
    yield from _probe(names, judge)
    yield from _judges(names, judge)


def _sets(names: Names) -> Iterator[str]:
    """Question sets without a source, or in a language that the study lacks."""
    for name, spec in names.questions.items():
        if not isinstance(spec, Mapping):
            continue  # the schema says so
        where, path = f"answer.questions.{name}", spec.get("path")
        if bool(path) == ("draw" in spec):
            yield f"{where}: give either path (file or URL) or draw"
        yield from placeholders(f"{where}.path", path, "language")
        if isinstance(path, str) and path.startswith("http://") and not LOCAL.match(path):
            yield f"{where}.path: only https addresses are fetched; give https:// or a file"
        for place, code in enumerate(listed(spec.get("languages"))):
            yield from unknown(f"{where}.languages[{place}]", code, names.languages, "language")


def _people(names: Names, judge: Section) -> Iterator[str]:
    """People who would have nothing to label."""
    people = mapping(judge.get("people"))
    if people and not names.questions and not people.get("answers"):
        yield "judge.people: no open questions are asked; add answer.questions, or take people out"
    yield from placeholders("judge.people.guidelines", people.get("guidelines"), "language")


def _probe(names: Names, judge: Section) -> Iterator[str]:
    """A trial without a judge that can be tried, or without probes in a language of the study."""
    if judge.get("probe") is None:
        return
    path = mapping(judge["probe"]).get("path")
    if not any(mapping(one).get("backend") in CHAT for one in names.judges.values()):
        yield "judge.probe: no judge is a model (backend openai or cohere); add one, or take probe out"
    ours = sorted(file.stem for file in PROBES.glob("*.yaml"))
    if not path and not set(ours) & set(names.languages):
        yield (
            f"judge.probe: our probes are in {', '.join(ours)}, and the study has none of these"
            " languages; name a file of probes (judge.probe.path), or take probe out"
        )
    yield from placeholders("judge.probe.path", path, "language")


def _judges(names: Names, judge: Section) -> Iterator[str]:
    """Questions that nothing looks at, judges that have nothing to rate, a name taken twice."""
    fidelity = mapping(names.config.get("answer")).get("fidelity")
    if names.questions and not names.judges and not fidelity:
        yield (
            "judge.judges: open questions are asked, but no judge is configured; add one, or take"
            " answer.fidelity: false out, so that they are looked at without one"
        )
    others = mapping(judge.get("people")) or judge.get("probe") is not None
    if names.judges and not names.questions and not others:
        yield (
            f"answer.questions: missing, so {', '.join(map(str, names.judges))} would rate nothing;"
            " add open questions, or take judge.judges out"
        )
    for name in names.benchmarks if fidelity else ():
        if name in {f"fidelity-{one}" for one in names.questions}:
            yield (
                f"evaluate.benchmarks.{name}: answer.fidelity gives this name to a question set;"
                " choose another, or set answer.fidelity: false"
            )
