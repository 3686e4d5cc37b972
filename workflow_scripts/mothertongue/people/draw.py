"""Draws what people label: whole units, so that every condition is labelled on the same questions."""

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ..errors import InputError
from ..files import read_jsonl, text_hash
from .records import PAIRWISE, Item, Sheet, Unit

BASE = "base"
NATIVE = "native"


class Answer(NamedTuple):
    """One answer: its question's text, and its own."""

    prompt: str
    text: str


Answers = dict[Unit, dict[str, Answer]]  # unit -> training data -> answer


def read_answers(paths: Iterable[Path]) -> Answers:
    """Answers of tuned models by unit, from …/{model}/{data}/{scope}/{lr}/seed{n}/{questions}/{language}.jsonl."""
    found: Answers = defaultdict(dict)
    for path in paths:
        model, data, scope, lr, seed, questions = path.parts[-7:-1]
        if data == BASE:
            continue
        for row in read_jsonl(path):
            number = int(seed.removeprefix("seed"))
            unit = Unit(path.stem, questions, row["id"], model, scope, lr, number)
            found[unit][data] = Answer(row["prompt"], row["answer"])
    return dict(found)


def draw(
    answers: Answers,
    *,
    mode: str,
    items: int,
    annotators: Sequence[str],
    overlap: float,
    seed: int,
) -> list[Item]:
    """Items of one language, `items` at most, in a random order.

    Units are drawn at random in turn from every model, setting and question set, and each brings
    every condition that has answered it. Of a share `overlap` of the units two annotators label each
    item; both see a rated answer alike, and a pair in both orders. Single pairs alternate in order.
    """
    whole = {unit: own for unit, own in answers.items() if NATIVE in own and len(own) > 1}
    if not whole:
        raise InputError(
            "judge.people: no question is answered by native and by translated data of the same model"
            " and setting; there is nothing to compare"
        )
    chance = random.Random(text_hash(str(seed), "people"))
    strata: dict[tuple[object, ...], list[Unit]] = defaultdict(list)
    for unit in sorted(whole):
        strata[unit._replace(question="")].append(unit)
    for units in strata.values():
        chance.shuffle(units)
    turns = [units[n] for n in range(max(map(len, strata.values()))) for units in strata.values() if n < len(units)]  # fmt: skip
    chosen: list[Unit] = []
    room = items
    for unit in turns:
        room -= len(whole[unit]) - (mode == PAIRWISE)
        if room < 0:
            break
        chosen.append(unit)
    if not chosen:
        raise InputError(
            f"judge.people.items: {items} items are fewer than one question has conditions; ask for"
            " more"
        )
    twice = max(1, round(overlap * len(chosen)))
    found: list[Item] = []
    for place, unit in enumerate(chosen):
        first = annotators[place % len(annotators)]
        second = annotators[(place + 1) % len(annotators)]
        both = place < twice
        for number, (a, b) in enumerate(_sides(whole[unit], mode)):
            order = (place + number) % 2 if b else 0
            said = [whole[unit][name] for name in (a, b) if name]
            texts = text_hash(said[0].prompt, *(one.text for one in said))
            people = (first, second) if both else (first,)
            if b and both:
                found += [
                    Item(unit, a, b, (order + n) % 2, (who,), texts) for n, who in enumerate(people)
                ]
            else:
                found.append(Item(unit, a, b, order, people, texts))
    chance.shuffle(found)
    return found


def _sides(own: Mapping[str, Answer], mode: str) -> list[tuple[str, str | None]]:
    others = sorted(name for name in own if name != NATIVE)
    if mode == PAIRWISE:
        return [(NATIVE, name) for name in others]
    return [(NATIVE, None), *((name, None) for name in others)]


def sheets(items: Sequence[Item], answers: Answers, annotator: str, seed: int) -> list[Sheet]:
    """What one annotator sees, in an order of their own."""
    own = [item for item in items if annotator in item.annotators]
    random.Random(text_hash(str(seed), annotator)).shuffle(own)
    found = []
    for item in own:
        said = answers[item.unit]
        texts = [said[name].text for name in (item.a, item.b) if name]
        if item.order:
            texts.reverse()
        found.append(Sheet(item.id, said[item.a].prompt, tuple(texts)))
    return found
