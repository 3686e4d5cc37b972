"""What a judge is asked about an item, and how its reply is read: by mode, form and criteria."""

import re
from dataclasses import dataclass
from typing import Any

from ..api import Reply as ApiReply
from ..api.engine import DECLINED
from ..prompts import holds
from ..prompts.judging import PAIRWISE
from . import criteria
from .logprobs import weighted
from .pair_verdict import SCHEMA as PAIR_SCHEMA
from .pair_verdict import parse_pair, score_of, verdict_of
from .parse import Parsed, normalise, parse_rating, read_number, without_reasoning
from .prompt import BRACKETS, JSON, PATTERN, judge_prompt
from .records import Item
from .settings import JudgeSpec
from .structured import SCHEMA, find_object, parse_json


@dataclass(frozen=True, slots=True)
class Task:
    """The prompt, the schema and the reader of a judge."""

    spec: JudgeSpec

    def prompt(self, item: Item, form: str) -> str:
        """The prompt about an item."""
        spec, more = self.spec, {}
        if item.language is not None:
            more["language"] = spec.languages.get(item.language, item.language)
        if item.answer_b is not None:
            more["answer_b"] = item.answer_b
        if spec.criteria:
            more["criteria"] = criteria.rubric(spec.criteria, item.language)
        own = spec.prompts.get(form)
        return judge_prompt(
            item.prompt,
            item.answer,
            item.reference,
            form=form,
            prompt=own,
            mode=spec.mode,
            **more,
        )

    def schema(self, form: str) -> dict[str, Any] | None:
        """The JSON schema of the reply, if it is asked for as JSON."""
        if form != JSON:
            return None
        if self.spec.mode == PAIRWISE:
            return PAIR_SCHEMA
        return criteria.schema(self.spec.criteria) if self.spec.criteria else SCHEMA

    @property
    def needs_reference(self) -> bool:
        """Whether a prompt shows the reference answer."""
        return any(holds(text, "reference") for text in self.spec.prompts.values())

    def read(self, reply: ApiReply, item: Item, form: str = BRACKETS) -> Parsed:
        """Read the rating or verdict of a reply; one that was cut off or declined has none."""
        if reply.finish == DECLINED:
            told = (reply.raw or {}).get("error")
            return Parsed(None, f"the server declines the request: {told}")
        if not isinstance(reply.text, str) or not reply.text.strip():
            return Parsed(None, f"no text in the reply ({reply.finish})")
        if reply.finish == "length":
            return Parsed(None, "the reply was cut off at the token limit")
        parsed = self._parse(reply.text, item, form)
        if parsed.rating is not None and self.spec.logprobs:
            return weighted(reply, parsed, form, self.spec.pattern)
        return parsed

    def _parse(self, text: str, item: Item, form: str) -> Parsed:
        own, answers = self.spec.criteria, "\n".join([item.answer, item.answer_b or ""])
        if form == PATTERN:
            return self._by_pattern(text, answers)
        if self.spec.mode == PAIRWISE and form == BRACKETS:
            return parse_pair(text, answers)
        if self.spec.mode == PAIRWISE:
            found = find_object(text, answers, "verdict")
            return found if isinstance(found, Parsed) else verdict_of(found)
        if own and form == BRACKETS:
            return criteria.parse_labelled(text, [item.answer], own)
        if own:
            found = find_object(text, item.answer, "ratings")
            if isinstance(found, Parsed):
                return found
            ratings = found["ratings"]
            if found.get("declined") is True or not isinstance(ratings, dict):
                return Parsed(None, "the judge declines to rate")
            return criteria.mean_of(ratings, own)
        return (parse_json if form == JSON else parse_rating)(text, item.answer)

    def _by_pattern(self, text: str, answers: str) -> Parsed:
        """What the pattern's group says; two different values, or an answer's own, say nothing."""
        pattern = re.compile(self.spec.pattern or "")
        text = normalise(without_reasoning(text, answers))
        planted = {one[0] for one in pattern.finditer(normalise(answers))}
        found = {one[1].strip() for one in pattern.finditer(text) if one[0] not in planted}
        if len(found) != 1:
            told = "two results" if found else "no result"
            return Parsed(None, f"{told} of the prompt's form in the reply")
        (word,) = found
        value = score_of(word) if self.spec.mode == PAIRWISE else read_number(word)
        if value is None:
            return Parsed(None, f"“{word}” is no result of the prompt's form")
        return Parsed(value)
