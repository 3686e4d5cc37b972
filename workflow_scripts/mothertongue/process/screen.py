"""What a terminal shows while a study runs: bars by stage, money, time left, and errors at the end.

Knows nothing of Snakemake but the fields of its log records, and draws with rich. The plugin
`snakemake_logger_plugin_study` feeds it.
"""

import re
import sqlite3
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from .progress import clock

RULES = Path(__file__).resolve().parents[3] / "rules"
ORDER = ("sample", "translate", "keep", "roundtrip", "finetune", "evaluate", "answer", "judge")
SHOWN = 3  # running jobs in the last line
LINES = 3  # of the log of a failed job
FAILED = 5  # failed jobs in the block at the end


def stages_of_rules(folder: Path = RULES) -> dict[str, str]:
    """Rule -> its stage: the folder of results that it writes into, or the name of its file."""
    found = {}
    for path in sorted(folder.glob("*.smk")):
        blocks = re.split(r"^rule (\w+):", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        for name, body in zip(blocks[1::2], blocks[2::2]):
            written = body.partition("output:")[2]
            into = re.search(r'"<results>/(\w+)/', written)
            found[name] = into[1] if into else path.stem
    return found


UNKNOWN = ("", "")


@dataclass(frozen=True, slots=True)
class Failure:
    """A job that failed: its rule, its cell, its log and what went wrong."""

    rule: str
    what: str
    log: str | None
    lines: tuple[str, ...]


def cell_of(wildcards: Mapping[str, str]) -> str:
    """A job's cell as a reader knows it: the values of its wildcards."""
    return "/".join(str(value) for value in wildcards.values())


def telling_lines(log: str | None, number: int = LINES) -> tuple[str, ...]:
    """The lines of a failed job's log that matter: its last ones that say an error, or the last."""
    if log is None or not Path(log).is_file():
        return ()
    with Path(log).open(encoding="utf-8", errors="replace") as handle:
        tail = [line.rstrip() for line in deque(handle, maxlen=200) if line.strip()]
    errors = [
        line
        for line in tail
        if re.match(r"\s*(\w+\.)*(Error|\w+(Error|Exception|Interrupt))\b", line)
    ]
    return tuple((errors or tail)[-number:])


def money(store: Path) -> float | None:
    """US dollars that were spent, by the store of replies; None without a store."""
    if not store.is_file():
        return None
    try:
        with sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=1) as database:
            (total,) = database.execute("SELECT COALESCE(SUM(usd), 0) FROM spent").fetchone()
    except sqlite3.Error:
        return None
    return float(total)


@dataclass
class Screen:
    """A run as its log records tell it. `now`: a clock in seconds."""

    stages: Mapping[str, str] = field(default_factory=stages_of_rules)
    now: Callable[[], float] = time.monotonic
    replies: str = ""  # the store of replies below the results
    total: Counter[str] = field(default_factory=Counter)  # stage -> jobs
    done: Counter[str] = field(default_factory=Counter)
    running: dict[int, float] = field(default_factory=dict)  # job -> when it started
    failures: list[Failure] = field(default_factory=list)
    store: Path | None = None

    def __post_init__(self) -> None:
        """Start the clock."""
        self.begun = self.now()
        self._known: dict[int, tuple[str, str]] = {}  # job -> rule, cell
        self._jobs: Counter[str] = Counter()  # rule -> jobs
        self._finished: Counter[str] = Counter()
        self._seconds: defaultdict[str, float] = defaultdict(float)  # of finished jobs
        self._money = self._spent()

    def stage_of(self, rule: str) -> str:
        """The stage of a rule; a module's rules may have a prefix."""
        if rule in self.stages:
            return self.stages[rule]
        ending = max((n for n in self.stages if rule.endswith(f"_{n}")), key=len, default=None)
        return self.stages[ending] if ending else rule

    def planned(self, stats: Mapping[str, int]) -> None:
        """How many jobs each rule has."""
        self._jobs = Counter({rule: count for rule, count in stats.items() if rule != "total"})
        self.total = Counter()
        for rule, count in self._jobs.items():
            self.total[self.stage_of(rule)] += count

    def job(
        self, number: int, rule: str, wildcards: Mapping[str, str], output: Iterable[str]
    ) -> None:
        """What a job is, before or after it starts. Its outputs tell where the store of replies lies."""
        self._known[number] = rule, cell_of(wildcards)
        stage = self.stage_of(rule)
        if self.store is None:
            for path in output:
                results, found, _ = f"/{path}".partition(f"/{stage}/")
                if found:
                    self.store = Path(results[1:] or ".", self.replies)
                    self._money = self._spent()

    def started(self, numbers: Iterable[int]) -> None:
        """Jobs run."""
        for number in numbers:
            self.running[number] = self.now()

    def finished(self, number: int) -> None:
        """A job is done."""
        since = self.running.pop(number, None)
        rule, _ = self._known.get(number, UNKNOWN)
        self.done[self.stage_of(rule)] += 1
        self._finished[rule] += 1
        if since is not None:
            self._seconds[rule] += self.now() - since

    def failed(
        self,
        number: int,
        rule: str,
        logs: Iterable[str],
        wildcards: Mapping[str, str] | None = None,
    ) -> None:
        """A job failed."""
        self.running.pop(number, None)
        what = self._known.get(number, ("", cell_of(wildcards or {})))[1]
        log = next(iter(logs), None)
        self.failures.append(Failure(rule, what, log, telling_lines(log)))

    # -- what follows from them --------------------------------------------------------------------

    def _spent(self) -> float | None:
        return money(self.store) if self.store else None

    def dollars(self) -> float | None:
        """US dollars that this run has spent so far; None where nothing is asked of services."""
        spent = self._spent()
        return None if spent is None else spent - (self._money or 0.0)

    def seconds_left(self) -> float | None:
        """Seconds until all jobs are done, at the pace so far; None before every rule with jobs left
        has finished one, since jobs of two rules may differ a thousandfold.
        """
        busy = 0.0
        for rule, count in self._jobs.items():
            left = count - self._finished[rule]
            if left <= 0:
                continue
            if not self._finished[rule] or rule not in self._seconds:
                return None
            busy += left * self._seconds[rule] / self._finished[rule]
        spent = self.now() - self.begun
        together = sum(self._seconds.values()) / spent if spent > 0 else 0.0
        return busy / max(together, 1.0) if self._jobs else None

    def ordered(self) -> list[str]:
        """Stages that have jobs, in the order in which data flows."""
        known = [stage for stage in ORDER if self.total[stage]]
        return [*known, *(stage for stage in self.total if stage not in ORDER)]

    def summary(self) -> str:
        """One line: jobs, time spent and left, money."""
        parts = [f"{sum(self.done.values()):,} of {sum(self.total.values()):,} jobs"]
        parts.append(f"{clock(self.now() - self.begun)} spent")
        left = self.seconds_left()
        if left is not None and self.running:
            parts.append(f"about {clock(left)} left")
        dollars = self.dollars()
        if dollars:
            parts.append(f"${dollars:,.2f} paid to services")
        return "  ".join(parts)

    def __rich__(self) -> RenderableType:
        """Bars by stage, then what runs, then the sums."""
        table = Table.grid(padding=(0, 1))
        for stage in self.ordered():
            done, total = self.done[stage], self.total[stage]
            table.add_row(
                stage,
                ProgressBar(total, done, width=30),
                Text(f"{done:,}/{total:,}", justify="right"),
            )
        jobs = sorted(self.running.items(), key=lambda job: job[1])
        lines = [self._line(*job) for job in jobs[:SHOWN]]
        if len(jobs) > SHOWN:
            lines.append(Text(f"  and {len(jobs) - SHOWN} more", "dim"))
        return Group(table, *lines, Text(self.summary()))

    def _line(self, number: int, since: float) -> Text:
        rule, what = self._known.get(number, UNKNOWN)
        line = f"  {rule} {what}  {clock(self.now() - since)}"
        return Text(line, "dim", overflow="ellipsis", no_wrap=True)

    def errors(self) -> RenderableType | None:
        """One block for all jobs that failed: what, the lines that matter, the log."""
        if not self.failures:
            return None
        shown = []
        for one in self.failures[:FAILED]:
            shown.append(Text(f"{one.rule} {one.what}".rstrip(), "bold"))
            shown += [Text(f"  {line}") for line in one.lines]
            if one.log:
                shown.append(Text(f"  log: {one.log}", "dim"))
        more = len(self.failures) - FAILED
        if more > 0:
            shown.append(Text(f"and {more} more; `snakemake progress` lists them"))
        jobs = "1 job" if len(self.failures) == 1 else f"{len(self.failures)} jobs"
        return Panel(Group(*shown), title=f"{jobs} failed", border_style="red", title_align="left")
