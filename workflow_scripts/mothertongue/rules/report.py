"""Input functions and labels of rules/report.smk, report_pages.smk and report_runs.smk."""

import json
from pathlib import Path
from typing import Any

from snakemake.iocontainers import Wildcards

from ..report.page import as_rst
from ..study import ROUND_TRIP, Study


class Reporting:
    """What the report shows. `workflow`: Snakemake's, whose configuration captions can see."""

    def __init__(self, study: Study, workflow: Any):
        self.study, self.workflow = study, workflow

    # -- an item's place in the report, from the index that its job writes ------------------------

    def entry(self, wildcards: Wildcards, output: list[str]) -> dict[str, Any]:
        """What the index of a folder says of one of its files."""
        index = json.loads(Path(output[0], "index.json").read_text(encoding="utf-8"))
        group = f"{wildcards.group}/" if hasattr(wildcards, "group") else ""
        entry = index[f"{group}{wildcards.item}.{wildcards.form}"]
        # report/item.rst shows the caption: captions see the configuration, not the files.
        key = f"{wildcards.source}/{group}{wildcards.item}"
        self.workflow.config.setdefault("captions", {})[key] = as_rst(entry["caption"])
        screen = Path(output[0], "screen.fragment")
        if screen.is_file():  # for report/workflow.rst, rendered after every item
            found = screen.read_text(encoding="utf-8")
            self.workflow.config.setdefault("findings", {})[wildcards.source] = found
        return entry

    def category(self, wildcards: Wildcards, output: list[str]) -> str:
        """Category of an item."""
        return self.entry(wildcards, output)["category"]

    def subcategory(self, wildcards: Wildcards, output: list[str]) -> str:
        """Sub-category of an item."""
        return self.entry(wildcards, output)["subcategory"]

    def labels(self, wildcards: Wildcards, output: list[str]) -> dict[str, str]:
        """Labels of an item."""
        return self.entry(wildcards, output)["labels"]

    # -- files -----------------------------------------------------------------------------------

    @property
    def sources(self) -> list[str]:
        """The sources of scores that the report shows."""
        return ["study", "published"] if self.study.config["report"]["published"] else ["study"]

    def files(self, source: str) -> list[str]:
        """Everything that the report shows of a source."""
        parts = ["findings", "tables", "scores", "gaps"]
        if source == "study":
            parts += ["training", "provenance"] + ["beside"] * ("published" in self.sources)
        return [f"<results>/report/{source}/{part}" for part in parts]

    def differences(self, wildcards: Wildcards) -> str | list[str]:
        """What else differed between the conditions of {source}; unknown for published ones."""
        study = wildcards.source == "study"
        return "<results>/correlate/study/differences.csv" if study else []

    def translation_reports(self) -> list[str]:
        """The report of every translated set; a round trip has one for each way."""
        found = []
        for data, scope in self.study.data_and_scope():
            name = data.removesuffix(ROUND_TRIP)
            if name in self.study.translators:
                stage = "translate" if data == name else "roundtrip"
                ways = [""] if data == name else [".pivot", ""]
                found += [f"<results>/{stage}/{name}/{scope}{way}.report.json" for way in ways]
        return found
