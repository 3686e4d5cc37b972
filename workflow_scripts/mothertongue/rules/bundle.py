"""Input functions and parameters of rules/bundle.smk."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from snakemake.iocontainers import OutputFiles, Wildcards

from ..bundle.checksums import CHECKSUMS
from ..bundle.verify import STUDY, Recomputing
from ..errors import InputError
from ..study import ROUND_TRIP
from ..study.paths import (
    BUNDLE,
    HISTORY,
    ITEMS,
    MANIFEST,
    PROVENANCE,
    QUALITY,
    RATINGS,
    REPLIES,
    SCORE,
    Layout,
)
from .contamination import Contamination
from .correlate import Correlating
from .judge import Judging
from .plan import IN_RULES, Plan
from .report import LICENCES, Reporting

FREE = ("apache", "mit", "cc0", "cc-by", "cc by", "odc-by", "bsd", "public domain", "pddl")
UNFREE = ("nd", "proprietary", "noncommercial-noderivatives")
MEASURED = tuple(
    pattern.split("{")[0].rstrip("/") + f"/**/{pattern.rsplit('/', 1)[-1]}"
    for pattern in (HISTORY, PROVENANCE)
) + ("evaluate/**/*.json", "evaluate/**/*.items.parquet", "judge/*/**/*.jsonl")
OF_THE_STUDY = (
    *("collect_scores", "correlate_gaps", "compare_conditions", "rate_benchmarks", "state_claims"),
    *("tabulate_differences", "split_variance", "make_tables", "write_findings", "plot_training"),
)
TABLES = (
    *("scores.csv", "correlate/study/items.parquet", "correlate/study/about.json"),
    *("correlate/study/gaps.csv", "correlate/study/correlations.csv"),
    *("correlate/study/contrasts.csv", "correlate/study/benchmarks.csv"),
    *("correlate/study/differences.csv", "correlate/study/variance.csv"),
    *("correlate/study/claims.json", "correlate/study/estimates.csv"),
    *("report/study/tables", "report/study/findings", "report/study/training"),
)
JUDGES = ("coverage", "agreement", "lengths", "gaps", "dependence")
ELSEWHERE = ("scores.csv", "items.parquet", "about.json", "differences.csv")


def is_free(licence: str | None) -> bool:
    """Whether a stated licence lets anyone hand the texts on."""
    words = (licence or "").lower()
    return words.startswith(FREE) and not any(
        f"-{one}" in words or f" {one}" in words for one in UNFREE
    )


class Bundling:
    """What a bundle of the study holds, and what its check makes anew."""

    def __init__(
        self,
        plan: Plan,
        correlating: Correlating,
        judging: Judging,
        reporting: Reporting,
        contamination: Contamination,
    ):
        self.plan, self.study = plan, plan.study
        self.correlating, self.judging, self.reporting = correlating, judging, reporting
        self.contamination = contamination

    @property
    def recomputing(self) -> Recomputing:
        """Rules and targets of the check."""
        rules, targets = [*OF_THE_STUDY], [*TABLES]
        if "published" in self.reporting.sources:
            rules.append("compare_published")
            targets.append("report/study/beside")
        if self.study.judgements:
            rules.append("compare_judges")
            targets += [f"correlate/judges/{name}.csv" for name in JUDGES]
        if self.study.other_evaluations:
            rules += ["collect_other_languages", "compare_languages"]
            targets += [f"correlate/languages/{name}" for name in ELSEWHERE]
        return Recomputing(tuple(rules), tuple(targets), MEASURED)

    def measured(self) -> list[str]:
        """What all tables are made from."""
        tests = [*self.study.own_evaluations, *self.study.other_evaluations]
        return [
            *(IN_RULES.of(pattern, one) for one in tests for pattern in (SCORE, ITEMS)),
            *(IN_RULES.of(RATINGS, one) for one in self.study.judgements),
            *(IN_RULES.of(p, one) for one in self.study.conditions for p in (HISTORY, PROVENANCE)),
        ]

    def textual(self) -> list[str]:
        """Results that hold texts of training sets, tests, answers or replies."""
        pages = [IN_RULES.at("report/answers.html")] if self.study.judgements else []
        return [
            *self.judging.answers(),
            *self.judging.questions(),
            *self.contamination.searches(),
            *self.contamination.pages(),
            IN_RULES.at("report/study/data"),
            *self.reporting.translation_reports(),
            *pages,
        ]

    def results(self) -> list[str]:
        """Every file and folder of the results that a bundle holds."""
        translated = any(
            data.removesuffix(ROUND_TRIP) in self.study.translators
            for data, _ in self.study.data_and_scope()
        )
        judged = (
            ["report/judges.html", "correlate/judges/gaps.svg"] if self.study.judgements else []
        )
        shows_published = "published" in self.reporting.sources
        found = [
            *self.measured(),
            *([IN_RULES.at("correlate/published/claims.json")] if shows_published else []),
            *(IN_RULES.at(target) for target in self.recomputing.targets),
            *self.reporting.files("study"),
            *(IN_RULES.at(name) for name in judged),
            *([IN_RULES.at(QUALITY)] if translated else []),
            *self.textual(),
        ]
        return list(dict.fromkeys(found))

    def own_files(self) -> list[str]:
        """Files of the study's own that say what models saw: tasks and templates."""
        config = self.study.config
        templates = [config["finetune"]["template"]]
        templates += [model.get("template") for model in config["models"].values()]
        named = [*config["evaluate"]["tasks"], *(t for t in templates if isinstance(t, str))]
        tasks = sorted(str(p) for p in (self.plan.root / "tasks").glob("*.yaml"))
        return [*tasks, *(path for path in dict.fromkeys(named) if Path(path).is_file())]

    @property
    def licences(self) -> Iterator[tuple[str, str | None]]:
        """Name and licence of every training set and of every set of questions or items."""
        for one in self.reporting.data_sets():
            yield f"{one['data']}/{one['scope']}", one["licence"]
        tests = [*self.study.benchmarks.values(), *self.study.questions.values()]
        for test in tests:
            source: dict[str, Any] = test.get("dataset") or {}
            drawn = (test.get("draw") or {}).get("dataset") or {}
            own = source.get("licence") or drawn.get("licence")
            yield test.name, own or LICENCES.get(drawn.get("hub") or "")

    @property
    def texts(self) -> dict[str, Any]:
        """Whether texts go into the bundle (bundle.text), and if not, why."""
        wanted = self.study.config.get("bundle", {}).get("text", "auto")
        if wanted != "auto":
            return {"included": wanted, "why": "" if wanted else "bundle.text: false"}
        shut = [name for name, licence in self.licences if not is_free(licence)]
        named = ", ".join(shut[:3]) + (f" and {len(shut) - 3} more" if len(shut) > 3 else "")
        why = f"no licence that lets anyone hand texts on is stated for {named}" if shut else ""
        return {"included": not shut, "why": why}

    def beside(self, wildcards: Wildcards, output: OutputFiles) -> dict[str, str]:
        """Undeclared files beside a bundle: the store of replies and the lock of the hub."""
        files = Layout.around(output[0], BUNDLE)
        return {"store": files.at(REPLIES), "lock": files.at(MANIFEST), "top": files.results}

    def given(self, configfiles: list[str]) -> str:
        """The folder of the bundle whose study.yaml a run was started with."""
        for name in configfiles:
            folder = Path(name).parent
            if Path(name).name == STUDY and (folder / CHECKSUMS).is_file():
                return str(folder)
        told = ", ".join(map(str, configfiles)) or "none"
        raise self.plan.refusal(
            InputError(
                f"verify: no bundle's study.yaml among the configuration files ({told}); run"
                " `snakemake --configfile BUNDLE/study.yaml --cores all verify`"
            )
        )
