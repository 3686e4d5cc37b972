"""Check what a judge and a jury are asked for: mode, criteria, prompt, members."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..prompts.judging import PAIRWISE, RATING, judge_prompt_mistakes
from .schema import suggestion

Section = Mapping[str, Any]
ANCHORS = 5  # texts of a scale
PROBES = Path(__file__).resolve().parents[3] / "resources" / "probes"  # ours, by language


def judging_mistakes(spec: Section) -> Iterator[str]:
    """What is wrong with one entry of `judge.judges`, key by key."""
    chat = spec.get("backend") in ("openai", "cohere")
    pairwise = spec.get("mode") == PAIRWISE
    if pairwise and not chat:
        yield "mode: pairwise needs a judge that reads, backend openai or cohere"
    if spec.get("against", "native") != "native" and not pairwise:
        yield "against: only a judge with mode: pairwise compares; leave it out"
    if spec.get("criteria") and (pairwise or not chat):
        yield "criteria: are for backends openai and cohere in mode rating; leave them out"
    if spec.get("logprobs") and (pairwise or spec.get("criteria")):
        yield "logprobs: one rating alone has an expectation; leave it out in mode pairwise, or beside criteria"
    if spec.get("logprobs") and spec.get("backend") != "openai":
        yield "logprobs: only the back end openai asks for them; leave it out"
    yield from _criteria(spec.get("criteria"))
    yield from judge_prompt_mistakes(spec)


def _criteria(criteria: object) -> Iterator[str]:
    """Names that stand twice, and scales that do not explain every rating."""
    seen: set[str] = set()
    for place, one in enumerate(criteria if isinstance(criteria, list) else ()):
        if not isinstance(one, Mapping):
            continue
        at, name, scale = f"criteria[{place}]", str(one.get("name")), one.get("scale")
        if name in seen:
            yield f"{at}.name: '{name}' stands there twice; give each criterion a name of its own"
        seen.add(name)
        scales = scale if isinstance(scale, Mapping) else {"": scale}
        for where, own in scales.items():
            if not isinstance(own, list) or len(own) != ANCHORS or not all(map(_is_text, own)):
                key = f"{at}.scale{f'.{where}' if where else ''}"
                yield f"{key}: is no list of five texts, one for each rating from 1 to 5"
        question = one.get("question")
        for where, text in question.items() if isinstance(question, Mapping) else ():
            if not _is_text(text):
                yield f"{at}.question.{where}: is no text"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def jury_mistakes(judges: Section, juries: Section) -> Iterator[str]:
    """Juries of unknown judges, of judges of two modes, or of one."""
    for name, jury in juries.items():
        if not isinstance(jury, Mapping):
            continue
        where, mode = f"judge.juries.{name}", jury.get("mode", RATING)
        if name in judges:
            yield f"{where}: is the name of a judge, too; give the jury another name"
        members = jury.get("members", "all")
        able = [key for key, one in judges.items() if _mode(one) == mode]
        for place, member in enumerate(members if isinstance(members, list) else ()):
            at = f"{where}.members[{place}]"
            if member not in judges:
                yield f"{at}: unknown judge '{member}'{suggestion(str(member), list(judges))}"
            elif member not in able:
                yield f"{at}: '{member}' has mode {_mode(judges[member])}, the jury has mode {mode}"
        if members == "all" and len(able) < 2:
            yield f"{where}: needs two judges with mode: {mode}, the study has {len(able)}"


def _mode(judge: object) -> str:
    return str(judge.get("mode", RATING)) if isinstance(judge, Mapping) else RATING
