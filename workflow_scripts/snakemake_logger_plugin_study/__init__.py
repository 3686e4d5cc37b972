"""Snakemake's logger plugin `study`: bars by stage on a terminal, Snakemake's own lines elsewhere.

profiles/default chooses it where a study runs on a terminal. Snakemake's complete log stays in
`.snakemake/log`. Snakemake imports this module before the Snakefile, which decides whose copy of
`mothertongue` is used: nothing of that package may be imported before the jobs are known.
"""

import logging
import sys
from typing import TYPE_CHECKING, Any

from snakemake.logging import ColorizingTextHandler
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

if TYPE_CHECKING:
    from mothertongue.process.screen import Screen
    from rich.live import Live

SILENT = {  # what the bars show, or what only the complete log holds
    LogEvent.SHELLCMD,
    LogEvent.RESOURCES_INFO,
    LogEvent.PROGRESS,
    LogEvent.WORKFLOW_STARTED,
    LogEvent.GROUP_INFO,
    LogEvent.RULEGRAPH,
    LogEvent.DEBUG_DAG,
}
TOLD = ("Nothing to be done", "Complete log")


class LogHandler(LogHandlerBase):
    """Feeds a `Screen` with Snakemake's records and shows it."""

    def __post_init__(self) -> None:
        """Choose between bars and lines once: does a person watch?"""
        from rich.console import Console

        self.stream = sys.stdout if self.common_settings.stdout else sys.stderr
        self.console = Console(file=self.stream)
        self.plain = ColorizingTextHandler(self.common_settings.nocolor, self.stream)
        settings = self.common_settings
        self.bars = self.console.is_terminal and not (
            settings.dryrun or settings.verbose or settings.quiet
        )
        self.screen: Screen | None = None
        self.live: Live | None = None

    # -- what Snakemake asks of a plugin -----------------------------------------------------------

    @property
    def writes_to_stream(self) -> bool:
        """It takes the place of Snakemake's lines."""
        return True

    @property
    def writes_to_file(self) -> bool:
        """Snakemake writes the complete log itself."""
        return False

    @property
    def has_filter(self) -> bool:
        """Snakemake's own: --quiet and the like."""
        return False

    @property
    def has_formatter(self) -> bool:
        """Snakemake's own."""
        return False

    @property
    def needs_rulegraph(self) -> bool:
        """It shows none."""
        return False

    # -- records -----------------------------------------------------------------------------------

    def emit(self, record: logging.LogRecord) -> None:
        """Show a record: in the bars, above them, or, without a terminal, as Snakemake does."""
        if not self.bars:
            self.plain.setFormatter(self.formatter)
            self.plain.emit(record)
            return
        event = getattr(record, "event", None)
        if event is None:
            if record.levelno >= logging.WARNING or str(record.msg).startswith(TOLD):
                self._say(record)
        elif event not in SILENT:
            self._note(event, record.__dict__, record)

    def _note(self, event: Any, told: dict[str, Any], record: logging.LogRecord) -> None:
        if event == LogEvent.RUN_INFO:
            if "stats" in told:
                self._begin(told["stats"])
        elif event in (LogEvent.GROUP_ERROR, LogEvent.ERROR) or self.screen is None:
            self._say(record)
        elif event == LogEvent.JOB_INFO:
            self.screen.job(told["jobid"], told["rule_name"], told["wildcards"], told["output"])
        elif event == LogEvent.JOB_STARTED:
            self.screen.started(told["jobs"])
        elif event == LogEvent.JOB_FINISHED:
            self.screen.finished(told["job_id"])
        elif event == LogEvent.JOB_ERROR:
            self.screen.failed(told["jobid"], told["rule_name"], told["log"])

    def _begin(self, stats: dict[str, int]) -> None:
        from mothertongue.process.screen import Screen
        from mothertongue.study.paths import REPLIES
        from rich.live import Live

        if self.screen is None:
            self.screen = Screen(replies=REPLIES)
            self.live = Live(
                self.screen, console=self.console, refresh_per_second=2, redirect_stdout=False
            )
            self.live.start()
        self.screen.planned(stats)

    def _say(self, record: logging.LogRecord) -> None:
        from rich.text import Text

        text = self.format(record)
        if text and text != "None":
            style = {logging.INFO: "dim", logging.WARNING: "yellow"}.get(record.levelno, "red")
            self.console.print(Text(text, style))

    def close(self) -> None:
        """Leave the bars as they are, and say what failed."""
        if self.live is not None:
            self.live.stop()
            self.live = None
        if self.screen is not None and self.screen.failures:
            self.console.print(self.screen.errors())
            self.screen.failures.clear()
        super().close()
