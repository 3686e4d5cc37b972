"""First pages of the categories without claims: what was spent, and how near published scores are."""

import html
from collections.abc import Iterable, Mapping, Sequence

from ..correlate import claims as c
from .against_published import Summary
from .captions import plural
from .digits import plain
from .figures import NATIVE
from .forest import Bar, draw_forest, wide_as
from .labels import capitalised, metric_words
from .provenance import Versions, mixed_versions
from .provenance_files import Account, Adapter, Job
from .sections import opening_page
from .verdicts import AXES, LOOKS

SPENT = "What was trained and asked, and what did it take?"
BESIDE = "Are our scores and gaps those that were published?"
WIDE, SIZE, STEP = 470, 11, 18  # of the picture, its letters and its rows, in pixels


def hours(jobs: Iterable[Job]) -> float:
    """Hours of jobs, summed."""
    return sum(job.seconds for job in jobs) / 3600


def time_words(spent: float) -> str:
    """Hours, or minutes or seconds where it was less than two of them."""
    if spent >= 2:
        return f"{spent:,.1f} hours"
    return f"{60 * spent:.0f} minutes" if 60 * spent >= 2 else f"{3600 * spent:.0f} seconds"


def hours_chart(jobs: Mapping[str, Sequence[Job]]) -> str:
    """An SVG with one bar per stage, as long as its jobs took."""
    rows = [(stage, hours(own)) for stage, own in jobs.items()]
    most = max(spent for _, spent in rows) or 1.0
    left = max(wide_as(stage, SIZE) for stage, _ in rows) + 14
    room = WIDE - left - 84
    tall = STEP * len(rows) + 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {tall}" width="{WIDE}"'
        f' height="{tall}" role="img" font-family="Noto Sans, Segoe UI, Roboto, Arial, sans-serif"'
        f' font-size="{SIZE}" fill="#1d2733"><title>Time of all jobs by stage</title>'
        f'<rect width="{WIDE}" height="{tall}" fill="#fff"/>'
    ]
    for place, (stage, spent) in enumerate(rows):
        y = 4 + STEP * place
        long = max(1.0, room * spent / most)
        parts.append(
            f'<text x="{left - 8:.1f}" y="{y + 13}" text-anchor="end">{html.escape(stage)}</text>'
            f'<rect x="{left:.1f}" y="{y + 3}" width="{long:.1f}" height="{STEP - 6}"'
            f' fill="{NATIVE}"/>'
            f'<text x="{left + long + 6:.1f}" y="{y + 13}" fill="#5b6b7b">{time_words(spent)}</text>'
        )
    return "".join([*parts, "</svg>"])


def spent_page(
    jobs: Mapping[str, Sequence[Job]],
    adapters: Sequence[Adapter],
    accounts: Sequence[Account],
    versions: Mapping[str, Versions],
    departures: int,
) -> str:
    """What the study took: a bar per stage, and at most five sentences.

    `departures`: how many departures from the paper's recipe are listed; 0 where none applies.
    """
    lines = []
    if jobs:
        longest, own = max(jobs.items(), key=lambda stage: hours(stage[1]))
        whole = hours(job for own in jobs.values() for job in own)
        lines.append(
            f"The jobs of results that stand now took {time_words(whole)} when summed; the longest stage"
            f" is {longest} ({time_words(hours(own))})."
        )
    if adapters:
        devices = sorted({one.device for one in adapters if one.device})
        names = ["the CPU" if device == "cpu" else device for device in devices]
        where = f" on {', '.join(names)}" if names else ""
        lines.append(f"{plural(len(adapters), 'model')} {was(len(adapters))} fine-tuned{where}.")
    dollars = sum(one.dollars for one in accounts)
    replies = sum(one.replies for one in accounts)
    lines.append(
        f"Services gave {replies:,} repl{'y' if replies == 1 else 'ies'} for {dollars:,.2f} US dollars."
        if replies
        else "No service was asked, so no money was spent on one."
    )
    mixed = mixed_versions(versions)
    lines.append(
        f"Results of several versions of {', '.join(mixed)} stand side by side."
        if mixed
        else "All results of a stage come from the same versions of the libraries."
    )
    if departures:
        lines.append(
            f"{departures:,} departures from the paper, or assumptions where it states nothing, are"
            " listed on the page Where the numbers come from."
        )
    return opening_page(SPENT, hours_chart(jobs) if jobs else "", lines)


def was(number: int) -> str:
    """The verb of so many things."""
    return "was" if number == 1 else "were"


def beside_page(found: Sequence[Summary]) -> str:
    """Our gap and the published one, test by test; empty where no score is shared."""
    if not found:
        return ""
    both = [row for row in found if None not in (row.found.gap, row.found.published_gap)]
    look = LOOKS[c.UNDECIDED]._replace(symbol="")
    bars = [
        Bar(
            capitalised(f"{row.label}, {metric_words(row.metric)}"),
            name,
            "shared scores",
            look,
            gap,
            None,
            None,
            row.margin,
            AXES.get(row.unit, row.unit),
        )
        for row in both
        for name, gap in (("Ours", row.found.gap), ("Published", row.found.published_gap))
    ]
    shared = plural(sum(row.shared for row in found), "score")
    lines = [f"{shared} of {plural(len(found), 'test')} can be set beside published ones."]
    accuracies = [row for row in found if row.unit == "%"]
    if accuracies:
        cells = sum(row.shared for row in accuracies)
        mean = sum(row.shared * row.found.mean for row in accuracies) / cells
        farthest = max(accuracies, key=lambda row: row.found.mean_size)
        lines += [
            f"Scores in % are {plain(abs(mean), 1)} points {'higher' if mean >= 0 else 'lower'} than"
            " the published ones on average.",
            f"They are farthest apart on {farthest.label}: {plain(farthest.found.mean_size, 1)}"
            " points on average, whatever the sign.",
        ]
    if both:
        same = sum((row.found.gap or 0) * (row.found.published_gap or 0) > 0 for row in both)
        lines.append(
            f"The gap of native and translated data has the published sign in {same} of"
            f" {plural(len(both), 'test')}. This counts signs and tests nothing."
        )
    return opening_page(BESIDE, draw_forest(bars, shaded=False) if bars else "", lines)
