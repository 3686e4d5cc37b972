"""Where the files of a study lie: the one place that spells their names.

Every name is a pattern below the results folder, with Snakemake's wildcards in it. A `Layout` puts the
results folder in front and fills the wildcards in: `<results>` for the input functions of the rules,
a real folder for everything else. The rules repeat the patterns in their `output:`, where readers
look for them; a test compares the two.

What a run keeps for itself lies below `WORK` and is declared by no rule, since Snakemake deletes the
declared outputs of a job that fails: checkpoints, finished chunks and answers, the store of replies,
and what was found out about cards and bases.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

from . import mixes
from .grid import AnswerSet, Condition, Evaluation, Judgement, Pair
from .mixes import Portion
from .validation import ROUND_TRIP

CONDITION = "{model}/{data}/{scope}/{lr}/seed{seed}"  # as Condition.path fills it in

NATIVE = "sample/native/{scope}.jsonl"
HELDOUT = "sample/heldout/{language}.jsonl"
CONTAMINATION = "sample/contamination/{benchmark}/{language}.json"
MEASURES = "sample/measures/{data}/{scope}.json"
ENGLISH = "sample/english/{scope}.jsonl"

TRANSLATED = "translate/{translator}/{scope}.jsonl"
TRANSLATED_REPORT = "translate/{translator}/{scope}.report.json"
THERE = "roundtrip/{translator}/{scope}.pivot.jsonl"
THERE_REPORT = "roundtrip/{translator}/{scope}.pivot.report.json"
BACK = "roundtrip/{translator}/{scope}.jsonl"
BACK_REPORT = "roundtrip/{translator}/{scope}.report.json"
QUALITY = "translate/quality.csv"
KEPT_BACK = "keep/{translator}/{scope}.back.jsonl"
KEPT_BACK_REPORT = "keep/{translator}/{scope}.back.report.json"
KEPT_QE = "keep/{translator}/{scope}.qe.jsonl"

POOL = "sample/pool/{scope}.jsonl"  # every English row that may be translated for a language
DRAWN = "sample/draws/{source}/{scope}/{portion}.jsonl"
TRANSLATED_PORTION = "translate/{translator}/{scope}/{portion}.jsonl"
TRANSLATED_PORTION_REPORT = "translate/{translator}/{scope}/{portion}.report.json"
BACK_PORTION = "roundtrip/{translator}/{scope}/{portion}.jsonl"
THERE_PORTION = "roundtrip/{translator}/{scope}/{portion}.pivot.jsonl"

BASE = "finetune/base/{model}"
QUANTISATION = "finetune/quantisation/{model}.json"
TRAINING = "finetune/sets/{data}/{scope}/train.jsonl"
ADAPTER = f"finetune/{CONDITION}/adapter_model.safetensors"
ADAPTER_CONFIG = f"finetune/{CONDITION}/adapter_config.json"
TUNED = f"finetune/{CONDITION}/model"  # of a full fine-tuning, instead of an adapter
LAST = f"finetune/{CONDITION}/last"  # its weights after the last step; `model` has the best
HISTORY = f"finetune/{CONDITION}/history.csv"
PROVENANCE = f"finetune/{CONDITION}/provenance.json"

CMMLU = "evaluate/data/cmmlu/{split}.parquet"
SCORE = f"evaluate/{CONDITION}/{{benchmark}}/{{language}}.json"
ITEMS = f"evaluate/{CONDITION}/{{benchmark}}/{{language}}.items.parquet"

QUESTIONS = "answer/questions/{questions}/{language}.jsonl"
ANSWERS = f"answer/{CONDITION}/{{questions}}/{{language}}.jsonl"
ANSWERS_PROVENANCE = f"answer/{CONDITION}/{{questions}}/{{language}}.provenance.json"
FIDELITY = f"answer/fidelity/{CONDITION}/fidelity-{{questions}}/{{language}}.json"
FIDELITY_ITEMS = f"answer/fidelity/{CONDITION}/fidelity-{{questions}}/{{language}}.items.parquet"
RATINGS = f"judge/{{judge}}/{CONDITION}/{{questions}}/{{language}}.jsonl"
PAIRS = f"judge/{{judge}}/{CONDITION}/{{questions}}/{{language}}.against-{{against}}.jsonl"
JURY_RATINGS = RATINGS.replace("{judge}", "{jury}")
JURY_PAIRS = PAIRS.replace("{judge}", "{jury}")
BATCH_REPORT = "judge/{judge}.batch.json"

PROBED = "probe/{judge}/{language}.jsonl"
WARNINGS = "probe/warnings.json"  # about judges that fail their probes
LABELLED = "people/labels.jsonl"  # what annotators said
KEY = "people/key/{language}.jsonl"  # which condition an item of annotators is
LABELLED = "people/labels.jsonl"

SCORES = "scores.csv"
STUDY_ABOUT = "correlate/study/about.json"
STUDY_ITEMS = "correlate/study/items.parquet"
DIFFERENCES = "correlate/study/differences.csv"
REPORT_PART = "report/{source}/{part}"
COST = "estimate/cost.csv"
EXPORTED_REPLIES = "replies.parquet"
COMPARISON = "compare/{comparison}.html"
BUNDLE = "bundle"
ADAPTER_CARD = f"cards/finetune/{CONDITION}/README.md"
TRANSLATED_CARD = "cards/translate/{translator}/{scope}/README.md"

MANIFEST = "prefetch/manifest.json"  # the lock of the hub's commits and files; undeclared

WORK = ".work"
REPLIES = f"{WORK}/api/replies.sqlite"  # the store of replies: each is paid once
CHUNKS = f"{WORK}/evaluate"  # finished parts of evaluations
FINISHED = f"{WORK}/finished"  # results of a job of a group that was not over
FOUND = f"{WORK}/probe"  # what a base's self-test found
OWNER = f"{WORK}/study.txt"  # the study that was last run into these results


def log_of(pattern: str) -> str:
    """The log, below the logs folder, of the rule that makes a file of a cell of the grid."""
    whole = pattern in (ADAPTER, TUNED)
    stem = Path(pattern).parent if whole else Path(pattern).with_suffix("")
    return f"{stem}.log"


Cell = Condition | Evaluation | AnswerSet | Judgement | Pair


def wildcards_of(cell: Cell) -> dict[str, str | int]:
    """The wildcards of the files of a cell of the grid."""
    if isinstance(cell, Pair):
        return {"judge": cell.judge, "against": cell.against, **wildcards_of(cell.answers)}
    if isinstance(cell, Judgement):
        return {"judge": cell.judge, **wildcards_of(cell.answers)}
    if isinstance(cell, AnswerSet):
        own = {"questions": cell.questions, "language": cell.language}
        return {**wildcards_of(cell.condition), **own}
    if isinstance(cell, Evaluation):
        own = {"benchmark": cell.benchmark, "language": cell.language}
        return {**wildcards_of(cell.condition), **own}
    return {
        "model": cell.model,
        "data": cell.data,
        "scope": cell.scope,
        "lr": cell.lr,
        "seed": cell.seed,
    }


def condition_of(wildcards: Mapping[str, str]) -> dict[str, str]:
    """The condition among a job's wildcards, as score files and provenance have it."""
    return {name: wildcards[name] for _, name, *_ in Formatter().parse(CONDITION) if name}


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of a study below one results folder."""

    results: str = "<results>"

    @classmethod
    def around(cls, path: str | Path, pattern: str) -> "Layout":
        """The layout whose file `pattern` is `path`, whatever the wildcards are."""
        return cls(str(Path(path).parents[pattern.count("/")]))

    def at(self, pattern: str, **wildcards: object) -> str:
        """The path of a pattern with its wildcards filled in."""
        return f"{self.results}/{pattern.format(**wildcards)}"

    def dataset(self, data: str, scope: str) -> str:
        """The dataset that a condition's data and scope stand for."""
        if data == "native":
            return self.at(NATIVE, scope=scope)
        if data.endswith(ROUND_TRIP):
            return self.at(BACK, translator=data.removesuffix(ROUND_TRIP), scope=scope)
        return self.at(TRANSLATED, translator=data, scope=scope)

    def source(self, source: str, scope: str) -> str:
        """The rows that portions are drawn from: native, English, or data that is translated already."""
        if source == mixes.ENGLISH:
            return self.at(POOL, scope=scope)
        return self.dataset(source, scope)

    def portion(self, one: Portion, scope: str) -> str:
        """The rows of a portion as they are trained on."""
        own = {"scope": scope, "portion": one.token}
        if one.data.endswith(ROUND_TRIP):
            return self.at(BACK_PORTION, translator=one.data.removesuffix(ROUND_TRIP), **own)
        if one.source == mixes.ENGLISH:
            return self.at(TRANSLATED_PORTION, translator=one.data, **own)
        return self.at(DRAWN, source=one.source, **own)

    def of(self, pattern: str, cell: Cell) -> str:
        """A file of a cell of the grid."""
        return self.at(pattern, **wildcards_of(cell))

    def unfinished(self, path: str | Path) -> str:
        """Where a job keeps what it has finished of `path`, a file or a folder, until that is whole."""
        return str(Path(self.results, WORK, Path(path).relative_to(self.results)))
