"""What can be wrong with a translation, told by text alone. Every reply goes through all checks.

What can be mended without guessing (see `mend`) is mended and named; the rest is a problem, hard
or soft (see `types`). Each check has stated limits, calibrated on 51,000 recorded replies by
bench/check_recall.py: what a reader would call a good translation must pass.
"""

from functools import lru_cache
from pathlib import Path

from ...api.types import Reply
from ...files import load_yaml
from ..languages import scripts
from .additions import error_page, extra_paragraph, opening, refuses, remark
from .completeness import whole_problems
from .echo import source_repeated
from .language import language_problems
from .mend import mend
from .mojibake import mojibake
from .numbers import changed_numbers
from .types import HARD, SEVERITY, Checked, Problem, found

__all__ = ["HARD", "SEVERITY", "Checked", "Problem", "check", "problems"]
FINISHED = ("stop", "complete")


@lru_cache(maxsize=1)
def _lengths() -> dict[str, float]:
    found: dict[str, float] = load_yaml(Path(__file__).with_name("lengths.yaml"))
    return found


def check(
    source: str,
    reply: Reply,
    *,
    source_language: str,
    target_language: str,
    script: str | None = None,
) -> Checked:
    """Check and mend a reply as the translation of `source`.

    `script`: the target's script (ISO 15924), by default that of resources/languages.yaml.
    """
    if not isinstance(reply.text, str):
        return Checked(None, (found("no-text"),))
    if not reply.text.strip():
        return Checked(reply.text, (found("empty"),))
    page = error_page(source, reply.text)
    if page:
        return Checked(reply.text, (found("error-page", page),))
    pair = (source_language, target_language)
    script = script or scripts().get(target_language)
    text, mended, problems = mend(source, reply.text, *pair, script)
    if not text.strip():
        return Checked(text, (found("empty", "nothing but " + ", ".join(mended)),), mended)
    if "wrapped" in mended or "reasoning" in mended:
        page = error_page(source, text)
        if page:
            return Checked(text, (found("error-page", page),), mended)
    if reply.finish == "length":
        problems.append(found("truncated"))
    elif reply.finish not in FINISHED:
        problems.append(found("finish", reply.finish))
    lengths = _lengths()
    usual = lengths.get(target_language, 1.0) / lengths.get(source_language, 1.0)
    refusal = refuses(source, text, *pair)
    if refusal:
        problems.append(found("refusal", refusal))
    if source_language != target_language:
        repeated = source_repeated(source, text, source_language)
        if repeated:
            problems.append(found("source-repeated", repeated))
        else:
            problems += language_problems(source, text, *pair, script)
        problems += _around(source, text, pair, usual)
    problems += whole_problems(source, text, *pair, usual)
    changed = changed_numbers(source, text, *pair)
    if changed:
        problems.append(found("numbers", changed))
    broken = mojibake(source, reply.text)
    if broken:
        problems.append(found("mojibake", broken))
    return Checked(text, tuple(problems), mended)


def _around(source: str, text: str, pair: tuple[str, str], usual: float) -> list[Problem]:
    start = opening(source, text, *pair, usual)
    if start:
        return [found(start.kind, start.line[:80])]
    end = remark(source, text, *pair)
    if end:
        return [found("remark", end.line[:80])]
    return [found("extra-paragraph")] if extra_paragraph(source, text) else []


def problems(
    source: str,
    reply: Reply,
    *,
    source_language: str,
    target_language: str,
    script: str | None = None,
) -> list[str]:
    """Kinds of what is wrong with a reply as the translation of `source`; empty: nothing."""
    pair = {"source_language": source_language, "target_language": target_language}
    return check(source, reply, **pair, script=script).kinds
