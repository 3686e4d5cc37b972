"""Input functions and parameters of rules/bundle.smk."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from snakemake.iocontainers import OutputFiles, Wildcards

from ..bundle import analyses
from ..bundle.analyses import Analysis
from ..bundle.checksums import CHECKSUMS
from ..bundle.contents import placed
from ..bundle.verify import STUDY, Recomputing
from ..errors import InputError
from ..study import ROUND_TRIP
from ..study.paths import (
    BUNDLE,
    FIDELITY,
    FIDELITY_ITEMS,
    HISTORY,
    ITEMS,
    LABELLED,
    MANIFEST,
    PROVENANCE,
    QUALITY,
    REPLIES,
    SCORE,
    TRAINING,
    Layout,
)
from .contamination import Contamination
from .correlate import Correlating
from .exchange import Exchanging, asks_for_exchange
from .judge import Judging
from .people import People
from .plan import IN_RULES, Plan
from .probe import Probing
from .report import LICENCES, Reporting

FREE = ("apache", "mit", "cc0", "cc-by", "cc by", "odc-by", "bsd", "public domain", "pddl")
UNFREE = ("nd", "proprietary", "noncommercial-noderivatives")
MEASURED = (
    *(
        pattern.split("{")[0].rstrip("/") + f"/**/{pattern.rsplit('/', 1)[-1]}"
        for pattern in (HISTORY, PROVENANCE, TRAINING)
    ),
    *("evaluate/**/*.json", "evaluate/**/*.items.parquet", "judge/*/**/*.jsonl"),
    *("answer/fidelity/**/*.json", "answer/fidelity/**/*.items.parquet"),
    *("probe/*/*.jsonl", "people/labels.jsonl", "translate/**/*.report.json"),
)


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
        comparisons: Iterable[str],
    ):
        self.plan, self.study = plan, plan.study
        self.correlating, self.judging, self.reporting = correlating, judging, reporting
        self.contamination, self.comparisons = contamination, tuple(comparisons)
        self.probing, self.people = Probing(self.study), People(self.study)
        self.exchanging = Exchanging(self.study)

    def parts(self) -> Iterator[Analysis]:
        """The parts of the analysis that the study has."""
        study = self.study
        yield analyses.OF_THE_STUDY
        parts = {
            analyses.BESIDE: "published" in self.reporting.sources,
            analyses.JUDGES: study.judgements,
            analyses.PAIRWISE: study.pairs,
            analyses.MEMBERS: self.judging.shows_members,
            analyses.PROBES: self.probing.found(),
            analyses.LABELS: self.people.returned,
            analyses.ELSEWHERE: study.other_evaluations,
            analyses.EXCHANGE: asks_for_exchange(study),
        }
        yield from (part for part, wanted in parts.items() if wanted)

    @property
    def recomputing(self) -> Recomputing:
        """Rules and targets of the check."""
        parts = [*self.parts()]
        rules = tuple(name for part in parts for name in part.rules)
        return Recomputing(rules, tuple(t for part in parts for t in part.targets), MEASURED)

    def measured(self) -> list[str]:
        """What all tables are made from."""
        tests = [*self.study.own_evaluations, *self.study.other_evaluations]
        checked = self.study.checked_answers
        labels = [IN_RULES.at(LABELLED)] if self.people.returned else []
        return [
            *(IN_RULES.of(pattern, one) for one in tests for pattern in (SCORE, ITEMS)),
            *(IN_RULES.of(p, one) for one in checked for p in (FIDELITY, FIDELITY_ITEMS)),
            *self.judging.ratings(),
            *self.judging.verdicts(),
            *self.probing.found(),
            *labels,
            *self.exchanging.reports(),
            *self.correlating.training_sets(),
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
            *pages,
        ]

    def pages(self) -> Iterator[str]:
        """Pages and figures beside the tables, and tables that need texts."""
        study = self.study
        wanted = {
            "report/judges.html": study.judgements,
            "correlate/judges/gaps.svg": study.judgements,
            "report/pairs.html": study.pairs,
            "report/jury.html": self.judging.shows_members,
            "report/probes.html": self.probing.found(),
            "report/people.html": self.people.returned,
            "correlate/languages/answers.csv": study.other_evaluations and study.answers,
            "correlate/published/claims.json": "published" in self.reporting.sources,
            QUALITY: any(
                data.removesuffix(ROUND_TRIP) in study.translators
                for data, _ in study.data_and_scope()
            ),
        }
        yield from (IN_RULES.at(name) for name, there in wanted.items() if there)
        for page in self.comparisons:
            yield from (f"{page.removesuffix('.html')}{end}" for end in (".html", ".json", ".csv"))

    def results(self) -> list[str]:
        """Every file and folder of the results that a bundle holds."""
        found = [
            *self.measured(),
            *(IN_RULES.at(target) for target in self.recomputing.targets),
            *self.reporting.files("study"),
            *self.reporting.translation_reports(),
            *self.pages(),
            *self.textual(),
        ]
        return list(dict.fromkeys(found))

    def own_files(self) -> dict[str, str]:
        """Files of the study's own that say what models saw, tasks and templates, by place in it."""
        config = self.study.config
        templates = [config["finetune"]["template"]]
        templates += [model.get("template") for model in config["models"].values()]
        named = [*config["evaluate"]["tasks"], *(t for t in templates if isinstance(t, str))]
        found = {one.name: str(one) for one in sorted((self.plan.root / "tasks").glob("*.yaml"))}
        for name in dict.fromkeys(named):
            path = Path(name)
            below = sorted(path.rglob("*")) if path.is_dir() else [path]
            files = [one for one in below if one.is_file() and "__pycache__" not in one.parts]
            found |= {str(Path(placed(name), one.relative_to(path))): str(one) for one in files}
        return found

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
