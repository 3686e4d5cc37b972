"""Input functions and labels of rules/report.smk, report_pages.smk and report_runs.smk."""

import json
from pathlib import Path
from typing import Any

from snakemake.iocontainers import OutputFiles, Wildcards

from ..report.page import as_rst
from ..study import ROUND_TRIP, Study
from ..study.paths import (
    BACK_REPORT,
    DIFFERENCES,
    KEPT_BACK_REPORT,
    MEASURES,
    REPLIES,
    REPORT_PART,
    THERE_REPORT,
    TRANSLATED_REPORT,
    Layout,
)
from .plan import IN_RULES

LICENCES = {"CohereLabs/aya_dataset": "Apache-2.0", "CohereForAI/aya_dataset": "Apache-2.0"}
Entry = dict[str, Any]  # of a report item's index.json: category, subcategory, labels, caption


class Reporting:
    """What the report shows. `workflow`: Snakemake's, whose configuration captions can see."""

    def __init__(self, study: Study, workflow: Any):
        self.study, self.workflow = study, workflow

    # -- an item's place in the report, from the index that its job writes ------------------------

    def entry(self, wildcards: Wildcards, output: OutputFiles) -> Entry:
        """What the index of a folder says of one of its files."""
        index = json.loads(Path(output[0], "index.json").read_text(encoding="utf-8"))
        group = f"{wildcards.group}/" if hasattr(wildcards, "group") else ""
        entry: Entry = index[f"{group}{wildcards.item}.{wildcards.form}"]
        # report/item.rst shows the caption: captions see the configuration, not the files.
        key = f"{wildcards.source}/{group}{wildcards.item}"
        self.workflow.config.setdefault("captions", {})[key] = as_rst(entry["caption"])
        screen = Path(output[0], "screen.fragment")
        if screen.is_file():  # for report/workflow.rst, rendered after every item
            found = screen.read_text(encoding="utf-8")
            self.workflow.config.setdefault("findings", {})[wildcards.source] = found
        return entry

    def category(self, wildcards: Wildcards, output: OutputFiles) -> str:
        """Category of an item."""
        return str(self.entry(wildcards, output)["category"])

    def subcategory(self, wildcards: Wildcards, output: OutputFiles) -> str:
        """Sub-category of an item."""
        return str(self.entry(wildcards, output)["subcategory"])

    def labels(self, wildcards: Wildcards, output: OutputFiles) -> dict[str, str]:
        """Labels of an item."""
        return dict(self.entry(wildcards, output)["labels"])

    # -- files -----------------------------------------------------------------------------------

    @property
    def sources(self) -> list[str]:
        """The sources of scores that the report shows."""
        return ["study", "published"] if self.study.config["report"]["published"] else ["study"]

    def files(self, source: str) -> list[str]:
        """Everything that the report shows of a source."""
        parts = ["findings", "tables", "scores", "gaps"]
        if source == "study":
            parts += ["data", "training", "provenance"] + ["beside"] * ("published" in self.sources)
            parts += ["languages"] * bool(self.study.other_evaluations)
        return [IN_RULES.at(REPORT_PART, source=source, part=part) for part in parts]

    def differences(self, wildcards: Wildcards) -> str | list[str]:
        """What else differed between the conditions of {source}; unknown for published ones."""
        return IN_RULES.at(DIFFERENCES) if wildcards.source == "study" else []

    def translation_reports(self) -> list[str]:
        """The report of every translated set; one that goes back, too, has one for each way."""
        found = []
        for data, scope in self.study.data_and_scope():
            name = data.removesuffix(ROUND_TRIP)
            if name in self.study.translators or name in self.study.translated:
                ways = [TRANSLATED_REPORT] if data == name else [THERE_REPORT, BACK_REPORT]
                translator = self.study.translators.get(name)
                if translator and translator.keep and translator.keep.goes_back:
                    ways.append(KEPT_BACK_REPORT)
                found += [IN_RULES.at(way, translator=name, scope=scope) for way in ways]
        return found

    def measured(self) -> list[str]:
        """What every training set is like."""
        sets = self.study.data_and_scope()
        return [IN_RULES.at(MEASURES, data=data, scope=scope) for data, scope in sets]

    def dataset(self, wildcards: Wildcards) -> str:
        """The set of {data} and {scope}."""
        return IN_RULES.dataset(wildcards.data, wildcards.scope)

    def data_sets(self) -> list[dict[str, Any]]:
        """Data, scope and stated licence of every training set."""
        sample, languages = self.study.config["sample"], self.study.config["languages"]
        shared = sample.get("dataset") or {}

        def licence(data: str, scope: str) -> str | None:
            name = data.removesuffix(ROUND_TRIP)
            if name in self.study.translated:
                brought: str | None = self.study.config["data"][name].get(scope, {}).get("licence")
                return brought
            native = data == "native" or data != name
            own = sample["english"] if not native else languages.get(scope, {}).get("native") or {}
            source = own if own.get("path") or own.get("hub") else shared
            found: str | None = source.get("licence") or LICENCES.get(source.get("hub") or "")
            return found

        return [
            {"data": data, "scope": scope, "licence": licence(data, scope)}
            for data, scope in self.study.data_and_scope()
        ]

    def configuration(self) -> dict[str, Any]:
        """The study's configuration, without what captions are told through it."""
        told = ("captions", "findings")
        return {key: value for key, value in self.study.config.items() if key not in told}

    def store(self, wildcards: Wildcards, output: OutputFiles) -> str:
        """The store of replies beside a part of the report."""
        return Layout.around(output[0], REPORT_PART).at(REPLIES)
