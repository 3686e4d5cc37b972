"""Pair MT- and HT-MMLU: the same items with the same demonstrations (paper section 4.4)."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ..errors import InputError
from .data import Source, read_files
from .items import OPTIONS
from .records import ChoiceItem, Item, Report


def pair_mmlu(
    machine: list[ChoiceItem], human: list[ChoiceItem], source: str
) -> tuple[set[str], dict[str, int]]:
    """Find the items that a machine- and a human-translated MMLU share.

    `machine` rows have `id` = subject/split/index into MMLU's order; `human` rows come in that
    order within each subject. Returns the shared ids and what was dropped. Different answer
    letters in more than one item of twenty mean that the orders differ: an `InputError`.
    """
    order: defaultdict[str, list[str]] = defaultdict(list)
    for row in human:
        order[row.subject].append(OPTIONS[row.gold])
    shared: set[str] = set()
    no_partner, other_letter = 0, 0
    for row in machine:
        subject, _, index = row.id.split("/")
        letters = order.get(subject, [])
        if not int(index) < len(letters):
            no_partner += 1
        elif letters[int(index)] != OPTIONS[row.gold]:
            other_letter += 1
        else:
            shared.add(row.id)
    if other_letter * 20 > len(machine) or not shared:
        raise InputError(
            f"{source}: the two translations of MMLU do not match ({other_letter} of"
            f" {len(machine)} answer letters differ); check that both are MMLU's test set in order"
        )
    dropped = {
        "machine-translated items without a human-translated partner": no_partner,
        "items whose answer letters differ": other_letter,
        "human-translated items without a machine-translated partner": (
            len(human) - len(shared) - other_letter
        ),
    }
    return shared, {reason: count for reason, count in dropped.items() if count}


def pair(
    which: str,
    language: str,
    hub: Mapping[str, Mapping[str, Any]],
    files: list[str] | None,
    items_of: Callable[[str], list[Item]],
    checked: Callable[[Source, str], list[Item]],
    report: Report,
) -> tuple[list[ChoiceItem], list[ChoiceItem]]:
    """Items that both translations of MMLU have, as `which` (machine or human) words them.

    Both come from `files` (told apart by m_mmlu's column `instruction`) or from the hub. Also
    returns every item of both, none of which may serve as a demonstration: so MT- and HT-MMLU
    choose the same. Ids are m_mmlu's in both, so that scores pair; `report` tells what was dropped.
    `items_of` reads a part of the hub, `checked` makes items of the rows of a source.
    """
    machine: list[ChoiceItem] = []
    human: list[ChoiceItem] = []
    if files:
        for file in files:
            found = read_files([file])
            if found.rows and "instruction" in found.rows[0]:
                machine = _choices(checked(found, "machine"))
            else:
                human = _choices(checked(found, "human"))
        source = report["sources"]["test"] = ", ".join(map(str, files))
    else:
        machine = _choices(items_of("machine"))
        if language in hub["human"]["names"]:
            human = _choices(items_of("human"))
        source = f"{hub['machine']['path']}, {hub['human']['path']}"
    if not machine:
        raise InputError(f"{source}: no machine-translated MMLU (a file with column 'instruction')")
    for place, item in enumerate(machine):
        subject, *rest = item.id.split("/")
        if len(rest) != 2 or not rest[1].isdigit():
            raise InputError(
                f"{source}: id '{item.id}' is not subject/split/index (as m_mmlu's ids are)"
            )
        machine[place] = replace(item, subject=subject)
    if not human:
        if which == "human":
            raise InputError(f"{source}: there is no human-translated MMLU in '{language}'")
        notes = report.setdefault("notes", [])
        notes.append(f"no human-translated MMLU in '{language}': all items are used")
        return machine, machine
    shared, dropped = pair_mmlu(machine, human, source)
    report.setdefault("dropped", {}).update(dropped)
    items = [item for item in machine if item.id in shared]
    if which == "human":
        by_place: defaultdict[str, list[ChoiceItem]] = defaultdict(list)
        for row in human:
            by_place[row.subject].append(row)
        items = [
            replace(
                by_place[item.subject][int(item.id.split("/")[2])], id=item.id, cluster=item.cluster
            )
            for item in items
        ]
    return items, [*machine, *human]


def _choices(items: list[Item]) -> list[ChoiceItem]:
    """Items of MMLU, all of which have options."""
    return [item for item in items if isinstance(item, ChoiceItem)]
