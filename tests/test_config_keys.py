"""Every key of the schema is read outside validation, and changing it changes something.

A study with every feature is planned twice: as it is, and with another value for every key. A key
of the default kind must show its new value in what decides a result: a parameter, an input or an
output of a job. Keys that only say how a thing is shown or done are listed below. So that nobody
passes a key on without using it (as 1.0.0 did with `finetune.limit`), its name must stand in the
code that its section belongs to.
"""

import ast
import copy
import fnmatch
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml
from conftest import ROOT, checkout
from mothertongue.study import read_study

SCHEMA = yaml.safe_load((ROOT / "config.schema.yaml").read_text(encoding="utf-8"))

STUDY = yaml.safe_load("""
study: keys
description: before
languages:
  es: {name: Castilian, aya: {code: spa, language: Spanish, annotation_type: one}, cap: 71}
  zh: {english_rows: resources/demo/aya/en.jsonl}
sample:
  dataset: {hub: owner/aya, revision: "aaaa", name: sub, split: train}
  english: {code: eng, annotation_type: two}
  heldout: 5
  max_characters: 4001
  multi: {languages: [es, zh], rows: 40}
translate:
  translators:
    memory: {backend: recorded, engine: e1, memory: [resources/demo/translations/a.jsonl]}
    chat: {backend: openai, model: m1, base_url: "http://localhost:1", prompt: "Say ${text}", label: Chat}
    local: {backend: huggingface, model: h1, revision: r1, codes: {es: spa}}
  max_quarantined: 0.11
models:
  built: {parameters: 1.0e+6, build: {languages: [es, zh]}, label: Built, family: Fam}
  hub: {parameters: 2.0e+6, base: owner/base, revision: rev}
conditions:
  - {data: [native, memory, chat, local, chat-rtt], scope: [es, multi], lr: [high, low]}
evaluate:
  benchmarks:
    own: {task: multiple-choice, languages: [es], origin: native, kind: structured, shots: 2,
          dataset: {path: "resources/demo/benchmarks/choice_native_{language}.test.jsonl"},
          demonstrations: "resources/demo/benchmarks/choice_native_{language}.dev.jsonl",
          label: Own, group: g1, margin: 1.5, cluster: c1, limit: 11}
    far: {task: xquad, languages: [es, zh], origin: human-translated, kind: generative,
          dataset: {hub: owner/xquad, revision: bbbb, name: n1, split: s1}, max_new_tokens: 33}
answer:
  questions:
    asked: {path: "resources/demo/questions/native_{language}.jsonl", languages: [es], label: Asked, limit: 7}
    drawn: {languages: [es], draw: {dataset: {hub: owner/oasst, revision: cccc, name: q1, split: u1}, rows: 6, max_characters: 501}}
    files: {languages: [es], draw: {dataset: {path: resources/demo/questions/a.jsonl}}}
judge:
  judges:
    one: {backend: openai, model: j1, base_url: "http://localhost:2", label: One, batch: {requests: 51}}
    two: {backend: cohere, model: j2}
prices: {dated: today, per_million: {m1: {input_tokens: 1.0, output_tokens: 2.0, characters: 3.0}}}
finetune: {seeds: [1], learning_rates: {high: 1.0e-3, low: 1.0e-5}, limit: 90}
correlate: {lr: high}
""")

CHAT, LOCAL = "translate.translators.chat", "translate.translators.local"
CHANGES = {
    "study": ("study", "kyes"),
    "description": ("description", "zq-description"),
    "languages.*.name": ("languages.es.name", "zq-Castilian"),
    "languages.*.aya.code": ("languages.es.aya.code", "zqa"),
    "languages.*.aya.language": ("languages.es.aya.language", "zq-language"),
    "languages.*.aya.annotation_type": ("languages.es.aya.annotation_type", "zq-annotation"),
    "languages.*.cap": ("languages.es.cap", 7001),
    "languages.*.english_rows": ("languages.zh.english_rows", "resources/demo/aya/es.jsonl"),
    "sample.dataset.hub": ("sample.dataset.hub", "owner/zq-aya"),
    "sample.dataset.revision": ("sample.dataset.revision", "zq-aaaa"),
    "sample.dataset.name": ("sample.dataset.name", "zq-sub"),
    "sample.dataset.split": ("sample.dataset.split", "zq-train"),
    "sample.english.code": ("sample.english.code", "zqe"),
    "sample.english.annotation_type": ("sample.english.annotation_type", "zq-two"),
    "sample.seed": ("sample.seed", 7002),
    "sample.heldout": ("sample.heldout", 7003),
    "sample.max_characters": ("sample.max_characters", 7004),
    "sample.empty": ("sample.empty", "error"),
    "sample.duplicates": ("sample.duplicates", "drop"),
    "sample.multi.rows": ("sample.multi.rows", 7005),
    "translate.translators.*.label": (f"{CHAT}.label", "zq-Chat"),
    "translate.translators.*.memory": (
        "translate.translators.memory.memory", ["resources/demo/translations/zq.jsonl"],
    ),
    "translate.translators.*.engine": ("translate.translators.memory.engine", "zq-e1"),
    "translate.translators.*.model": (f"{CHAT}.model", "zq-m1"),
    "translate.translators.*.revision": (f"{LOCAL}.revision", "zq-r1"),
    "translate.translators.*.base_url": (f"{CHAT}.base_url", "http://localhost:7006"),
    "translate.translators.*.prompt": (f"{CHAT}.prompt", "zq ${text}"),
    "translate.translators.*.temperature": (f"{CHAT}.temperature", 0.7007),
    "translate.translators.*.seed": (f"{CHAT}.seed", 7008),
    "translate.translators.*.parameters": (f"{CHAT}.parameters", {"zq": 7009}),
    "translate.translators.*.max_tokens": (f"{CHAT}.max_tokens", 7010),
    "translate.translators.*.max_characters": (f"{CHAT}.max_characters", 7011),
    "translate.translators.*.protect_code": (f"{CHAT}.protect_code", False),
    "translate.translators.*.codes.*": (f"{LOCAL}.codes.es", "zq-spa"),
    "translate.translators.*.batch": (f"{LOCAL}.batch", 213),
    "translate.translators.*.gpus": (f"{LOCAL}.gpus", 3),
    "translate.translators.*.beams": (f"{LOCAL}.beams", 7013),
    "translate.translators.*.api.concurrency": (f"{CHAT}.api.concurrency", 301),
    "translate.translators.*.api.requests_per_minute": (f"{CHAT}.api.requests_per_minute", 7101),
    "translate.translators.*.api.characters_per_minute": (
        f"{CHAT}.api.characters_per_minute", 7102,
    ),
    "translate.translators.*.api.tokens_per_minute": (f"{CHAT}.api.tokens_per_minute", 7103),
    "translate.translators.*.api.timeout": (f"{CHAT}.api.timeout", 7104),
    "translate.translators.*.api.retries": (f"{CHAT}.api.retries", 7105),
    "translate.translators.*.api.check_retries": (f"{CHAT}.api.check_retries", 7106),
    "translate.translators.*.api.give_up": (f"{CHAT}.api.give_up", 7107),
    "translate.translators.*.api.backoff": (f"{CHAT}.api.backoff", 7108),
    "translate.translators.*.api.budget": (f"{CHAT}.api.budget", 7109),
    "translate.translators.*.api.key": (f"{CHAT}.api.key", "ZQ_KEY"),
    "translate.flagged": ("translate.flagged", "drop"),
    "translate.max_quarantined": ("translate.max_quarantined", 0.7014),
    "models.*.label": ("models.built.label", "zq-Built"),
    "models.*.family": ("models.built.family", "zq-Fam"),
    "models.*.base": ("models.hub.base", "owner/zq-base"),
    "models.*.revision": ("models.hub.revision", "zq-rev"),
    "models.*.parameters": ("models.hub.parameters", 7.015e9),
    "models.*.gated": ("models.hub.gated", True),
    "models.*.trust_remote_code": ("models.hub.trust_remote_code", True),
    "models.*.build.hidden_size": ("models.built.build.hidden_size", 7280),
    "models.*.build.layers": ("models.built.build.layers", 7017),
    "models.*.build.heads": ("models.built.build.heads", 8),
    "models.*.build.vocabulary": ("models.built.build.vocabulary", 7019),
    "models.*.build.context": ("models.built.build.context", 7020),
    "models.*.build.steps": ("models.built.build.steps", 7021),
    "models.*.build.batch": ("models.built.build.batch", 7022),
    "models.*.build.learning_rate": ("models.built.build.learning_rate", 0.7023),
    "models.*.build.seed": ("models.built.build.seed", 7024),
    "finetune.quantisation": ("finetune.quantisation", "nf4"),
    "finetune.dtype": ("finetune.dtype", "float16"),
    "finetune.lora.r": ("finetune.lora.r", 7025),
    "finetune.lora.alpha": ("finetune.lora.alpha", 7026),
    "finetune.lora.dropout": ("finetune.lora.dropout", 0.7027),
    "finetune.max_length": ("finetune.max_length", 7028),
    "finetune.learning_rates.*": ("finetune.learning_rates.high", 0.7029),
    "finetune.schedule": ("finetune.schedule", "cosine"),
    "finetune.warmup": ("finetune.warmup", 0.703),
    "finetune.effective_batch": ("finetune.effective_batch", 7031),
    "finetune.token_budget": ("finetune.token_budget", 7032),
    "finetune.epochs": ("finetune.epochs", 7033),
    "finetune.weight_decay": ("finetune.weight_decay", 0.7034),
    "finetune.clip_norm": ("finetune.clip_norm", 0.7035),
    "finetune.adam.beta1": ("finetune.adam.beta1", 0.7036),
    "finetune.adam.beta2": ("finetune.adam.beta2", 0.7037),
    "finetune.adam.epsilon": ("finetune.adam.epsilon", 0.7038),
    "finetune.early_stopping": ("finetune.early_stopping", 7039),
    "finetune.attention": ("finetune.attention", "zq-attention"),
    "finetune.gradient_checkpointing": ("finetune.gradient_checkpointing", True),
    "finetune.checkpoint_minutes": ("finetune.checkpoint_minutes", 7040),
    "finetune.gpus": ("finetune.gpus", 3),
    "finetune.validation": ("finetune.validation", 0.37041),
    "finetune.limit": ("finetune.limit", 7042),
    "finetune.split_seed": ("finetune.split_seed", 7043),
    "evaluate.batch_tokens": ("evaluate.batch_tokens", 7044),
    "evaluate.benchmarks.*.task": ("evaluate.benchmarks.far.task", "extractive-qa"),
    "evaluate.benchmarks.*.label": ("evaluate.benchmarks.own.label", "zq-Own"),
    "evaluate.benchmarks.*.origin": ("evaluate.benchmarks.own.origin", "machine-translated"),
    "evaluate.benchmarks.*.group": ("evaluate.benchmarks.own.group", "zq-g1"),
    "evaluate.benchmarks.*.shots": ("evaluate.benchmarks.own.shots", 7045),
    "evaluate.benchmarks.*.limit": ("evaluate.benchmarks.own.limit", 7046),
    "evaluate.benchmarks.*.margin": ("evaluate.benchmarks.own.margin", 0.7047),
    "evaluate.benchmarks.*.dataset.path": (
        "evaluate.benchmarks.own.dataset.path",
        "resources/demo/benchmarks/zq_{language}.test.jsonl",
    ),
    "evaluate.benchmarks.*.dataset.hub": ("evaluate.benchmarks.far.dataset.hub", "owner/zq-xquad"),
    "evaluate.benchmarks.*.dataset.revision": ("evaluate.benchmarks.far.dataset.revision", "zq-b"),
    "evaluate.benchmarks.*.dataset.name": ("evaluate.benchmarks.far.dataset.name", "zq-n1"),
    "evaluate.benchmarks.*.dataset.split": ("evaluate.benchmarks.far.dataset.split", "zq-s1"),
    "evaluate.benchmarks.*.demonstrations": (
        "evaluate.benchmarks.own.demonstrations",
        "resources/demo/benchmarks/zq_{language}.dev.jsonl",
    ),
    "evaluate.benchmarks.*.max_new_tokens": ("evaluate.benchmarks.far.max_new_tokens", 7048),
    "evaluate.benchmarks.*.cluster": ("evaluate.benchmarks.own.cluster", "zq-c1"),
    "evaluate.benchmarks.*.missing": ("evaluate.benchmarks.own.missing", "drop"),
    "answer.max_new_tokens": ("answer.max_new_tokens", 7049),
    "answer.temperature": ("answer.temperature", 0.705),
    "answer.batch_tokens": ("answer.batch_tokens", 7051),
    "answer.questions.*.label": ("answer.questions.asked.label", "zq-Asked"),
    "answer.questions.*.path": ("answer.questions.asked.path", "resources/zq_{language}.jsonl"),
    "answer.questions.*.draw.dataset.path": (
        "answer.questions.files.draw.dataset.path", "resources/demo/questions/zq.jsonl",
    ),
    "answer.questions.*.draw.dataset.hub": (
        "answer.questions.drawn.draw.dataset.hub", "owner/zq-oasst",
    ),
    "answer.questions.*.draw.dataset.revision": (
        "answer.questions.drawn.draw.dataset.revision", "zq-c",
    ),
    "answer.questions.*.draw.dataset.name": ("answer.questions.drawn.draw.dataset.name", "zq-q1"),
    "answer.questions.*.draw.dataset.split": ("answer.questions.drawn.draw.dataset.split", "zq-u1"),
    "answer.questions.*.draw.rows": ("answer.questions.drawn.draw.rows", 7052),
    "answer.questions.*.draw.seed": ("answer.questions.drawn.draw.seed", 7053),
    "answer.questions.*.draw.similarity": ("answer.questions.drawn.draw.similarity", 0.7054),
    "answer.questions.*.draw.max_characters": (
        "answer.questions.drawn.draw.max_characters", 7055,
    ),
    "answer.questions.*.limit": ("answer.questions.asked.limit", 7056),
    "judge.coverage": ("judge.coverage", 0.7057),
    "judge.judges.*.label": ("judge.judges.one.label", "zq-One"),
    "judge.judges.*.model": ("judge.judges.one.model", "zq-j1"),
    "judge.judges.*.base_url": ("judge.judges.one.base_url", "http://localhost:7058"),
    "judge.judges.*.temperature": ("judge.judges.one.temperature", 0.7059),
    "judge.judges.*.reply": ("judge.judges.one.reply", "brackets"),
    "judge.judges.*.parameters": ("judge.judges.one.parameters", {"zq": 7060}),
    "judge.judges.*.repeats": ("judge.judges.one.repeats", 7061),
    "judge.judges.*.max_tokens": ("judge.judges.one.max_tokens", 7062),
    **{
        f"judge.judges.*.api.{key}": (f"judge.judges.one.api.{key}", value)
        for key, value in {
            "concurrency": 302, "requests_per_minute": 7201, "characters_per_minute": 7202,
            "tokens_per_minute": 7203, "timeout": 7204, "retries": 7205, "check_retries": 7206,
            "give_up": 7207, "backoff": 7208, "budget": 7209, "key": "ZQ_JUDGE",
        }.items()
    },
    "judge.judges.*.batch.requests": ("judge.judges.one.batch.requests", 7063),
    "judge.judges.*.batch.megabytes": ("judge.judges.one.batch.megabytes", 99.7064),
    "judge.judges.*.batch.poll": ("judge.judges.one.batch.poll", 7065),
    "judge.judges.*.batch.discount": ("judge.judges.one.batch.discount", 0.7066),
    "prices.dated": ("prices.dated", "zq-dated"),
    "prices.per_million.*.characters": ("prices.per_million.zq-m1.characters", 7067.5),
    "prices.per_million.*.input_tokens": ("prices.per_million.zq-m1.input_tokens", 7068.5),
    "prices.per_million.*.output_tokens": ("prices.per_million.zq-m1.output_tokens", 7069.5),
    "replies.replay": ("replies.replay", "zq-replies.jsonl"),
    "correlate.resamples": ("correlate.resamples", 7070),
    "correlate.confidence": ("correlate.confidence", 0.7071),
    "correlate.seed": ("correlate.seed", 7072),
    "correlate.lr": ("correlate.lr", "low"),
    "report.note": ("report.note", "zq-note"),
    "report.published": ("report.published", False),
    "report.margin": ("report.margin", 7.073),
}  # fmt: skip

# Keys that decide which jobs there are: leaf -> a change under which the grid differs.
GRID = {
    "sample.multi.languages": ("sample.multi.languages", ["es"]),
    "models.*.build.languages": ("models.built.build.languages", ["es"]),
    "translate.translators.*.backend": (LOCAL, {"backend": "google"}),
    "judge.judges.*.backend": ("judge.judges.one", {"backend": "cohere", "model": "j1"}),
    "finetune.seeds": ("finetune.seeds", [1, 2]),
    "conditions.[].data": ("conditions.0.data", ["native"]),
    "conditions.[].scope": ("conditions.0.scope", ["es"]),
    "conditions.[].lr": ("conditions.0.lr", ["high"]),
    "conditions.[].models": ("conditions.0.models", ["built"]),
    "conditions.[].benchmarks": ("conditions.0.benchmarks", ["own"]),
    "conditions.[].questions": ("conditions.0.questions", ["asked"]),
    "conditions.[].rows": ("conditions.0.rows", "common"),
    "conditions.[].budget": ("conditions.0.budget", "rows"),
    "evaluate.base": ("evaluate.base", False),
    "evaluate.benchmarks.*.languages": ("evaluate.benchmarks.own.languages", ["es", "zh"]),
    "answer.base": ("answer.base", True),
    "answer.questions.*.languages": ("answer.questions.asked.languages", ["es", "zh"]),
    "sample.dataset.path": ("sample.dataset", {"path": "resources/demo/aya/es.jsonl"}),
    "evaluate.limit": ("evaluate.limit", 3),
}
SINGLE = {  # nothing can be changed: one value is allowed so far, or the task decides it
    "roundtrip.pivot",
    "finetune.template",
    "evaluate.benchmarks.*.kind",
}
NEEDED = [
    ("prices.per_million.zq-j1.input_tokens", 1.5)
]  # what the changed study cannot do without

# How things are shown: they reach the report, its tables and figures, and nothing that is computed.
PRESENTATION = {
    "study", "description", "*.label", "models.*.family", "prices.dated", "report.note",
    "report.published", "evaluate.benchmarks.*.group",
}  # fmt: skip
# How things are done: where, how fast, at what price, with how many attempts.
OPERATION = {
    "*.api.*", "*.batch.*", "translate.translators.*.batch", "*.gpus", "*.batch_tokens",
    "models.*.parameters", "prices.per_million.*", "models.*.gated", "finetune.checkpoint_minutes", "replies.replay",
}  # fmt: skip
SHOWN = ("report", "plot_", "make_tables", "write_", "list_", "compare_", "browse", "tabulate")
SHOWN += (
    "collect_scores",
    "estimate",
    "correlate",
    "rate_benchmarks",
    "measure_translation",
    "all",
)

# Where the keys of a section are read: rules and scripts of its own stages. Validation (config.py,
# mistakes.py) and the completion of the grid's defaults are not among them.
READERS = {
    "finetune": ["mix_training_set.py", "finetune_lora.py", "mothertongue/finetune/*.py"],
    "models": ["build_base.py", "mothertongue/finetune/*.py", "mothertongue/report/*.py"],
    "evaluate": ["evaluate_benchmark.py", "mothertongue/evaluate/*.py", "mothertongue/report/*.py"],
    "answer": [
        "answer_questions.py",
        "mothertongue/answer/*.py",
        "mothertongue/correlate/about.py",
    ],
    "judge": ["judge_answers.py", "mothertongue/judge/*.py", "mothertongue/api/*.py"],
    "translate": ["translate_texts.py", "mothertongue/translate/*.py", "mothertongue/api/*.py"],
    "sample": ["sample_*.py", "mothertongue/sample/*.py", "mothertongue/hub.py"],
    "correlate": ["correlate_gaps.py", "compare_conditions.py", "mothertongue/correlate/*.py"],
}
RULES = {
    "finetune": ["finetune", "base"],
    "models": ["finetune", "base", "common", "inference", "correlate", "fetch"],
    "evaluate": ["evaluate", "inference", "correlate", "fetch"],
    "answer": ["answer", "inference", "fetch", "correlate", "judge_pages", "contrasts"],
    "judge": ["judge", "correlate"],
    "translate": ["translate", "translator", "roundtrip", "finetune", "correlate"],
    "sample": ["sample", "fetch"],
    "correlate": ["correlate"],
}


def resolved(node: dict) -> dict:
    while "$ref" in node:
        found = SCHEMA
        for part in node["$ref"].split("/")[1:]:
            found = found[part]
        node = {**found, **{key: value for key, value in node.items() if key != "$ref"}}
    return node


def leaves(node: dict, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Keys that hold a value, not further keys; `*` stands for a name, `[]` for an entry."""
    node = resolved(node)
    deeper = False
    for part in [node, *map(resolved, [*node.get("anyOf", []), *node.get("oneOf", [])])]:
        for key, value in part.get("properties", {}).items():
            deeper = True
            yield from leaves(value, (*path, key))
        more = part.get("additionalProperties")
        if isinstance(more, dict):
            deeper = True
            yield from leaves(more, (*path, "*"))
        items = part.get("items")
        if isinstance(items, dict) and "properties" in resolved(items):
            deeper = True
            yield from leaves(items, (*path, "[]"))
    if not deeper:
        yield ".".join(path)


LEAVES = sorted(set(leaves(SCHEMA)))


def changed(config: dict, *changes: tuple[str, object]) -> dict:
    config = copy.deepcopy(config)
    for path, value in changes:
        *parts, last = path.split(".")
        place = config
        for part in parts:
            place = place[int(part)] if isinstance(place, list) else place.setdefault(part, {})
        place[last] = copy.deepcopy(value)
    return config


def matches(leaf: str, patterns: set[str]) -> bool:
    return any(fnmatch.fnmatchcase(leaf, pattern) for pattern in patterns)


PLAN = """
import json, sys
from pathlib import Path
from snakemake.api import SnakemakeApi
from snakemake.settings.types import *

def flat(value, path):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flat(inner, [*path, str(key)])
    elif isinstance(value, (list, tuple, set)):
        for inner in value:
            yield from flat(inner, path)
    else:
        yield [*path], value if isinstance(value, (bool, int, float, type(None))) else str(value)

found = set()
with SnakemakeApi(OutputSettings(quiet={Quietness.ALL}, dryrun=True)) as api:
    workflow = api.workflow(
        resource_settings=ResourceSettings(cores=1),
        config_settings=ConfigSettings(configfiles=[Path(sys.argv[1])]),
        snakefile=Path("Snakefile"), workdir=Path("."),
    )
    dag = workflow.dag(DAGSettings(targets={"all", "estimate"}))
    dag.execute_workflow(executor="dryrun")
    for job in workflow._workflow.dag.jobs:
        parts = {
            "params": dict(job.params.items()), "resources": dict(job.resources.items()),
            "input": list(job.input), "output": list(job.output),
        }
        for kind, value in parts.items():
            for path, leaf in flat(value, []):
                found.add((job.rule.name, kind, json.dumps([path, leaf])))
print("PLAN" + json.dumps(sorted(found)))
"""


def plan(folder: Path, config: dict) -> set[tuple[str, str, str]]:
    """What a study's jobs are made of: (rule, params | resources | input | output, [path, value])."""
    (folder / "study.yaml").write_text(yaml.safe_dump(config, allow_unicode=True))
    done = subprocess.run(
        [sys.executable, "-c", PLAN, "study.yaml"], cwd=folder, capture_output=True, text=True
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("PLAN")]
    assert lines, done.stdout[-2000:] + done.stderr[-4000:]
    return {tuple(entry) for entry in json.loads(lines[0][4:])}


@pytest.fixture(scope="module")
def news(tmp_path_factory) -> list[tuple[str, str, list[str], object]]:
    """What the plan of the changed study holds and that of the first does not."""
    folder = checkout(tmp_path_factory.mktemp("keys") / "study")
    new = plan(folder, changed(STUDY, *CHANGES.values(), *NEEDED)) - plan(folder, STUDY)
    return [(rule, kind, *json.loads(text)) for rule, kind, text in sorted(new)]


def test_every_key_is_listed_here_once():
    listed = [*CHANGES, *GRID, *SINGLE]
    assert len(listed) == len(set(listed))
    assert sorted(listed) == LEAVES
    for pattern in PRESENTATION | OPERATION:
        assert any(matches(leaf, {pattern}) for leaf in CHANGES), pattern


def places(leaf: str, news: list) -> set[tuple[str, str]]:
    """Rules, and what of them, in which a key's new value stands."""
    path, value = CHANGES[leaf]
    name, values = path.split(".")[-1], value if isinstance(value, list) else [value]
    if isinstance(value, dict):
        values = list(value.values())
    found = set()
    for rule, kind, inner, seen in news:
        for wanted in values:
            words = isinstance(wanted, str) and ("zq" in wanted.lower() or len(wanted) > 12)
            if words:
                hit = any(part in str(seen) for part in [wanted, *wanted.split("{language}")[:1]])
            elif isinstance(wanted, str | bool):
                hit = seen == wanted and (name in inner or kind == "resources")
            else:
                hit = not isinstance(seen, bool | str) and seen is not None and (
                    float(seen) == float(wanted)
                )  # fmt: skip
                hit = hit or str(seen) == str(wanted)
            if hit:
                found.add((rule, kind))
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    "leaf", [leaf for leaf in CHANGES if not matches(leaf, PRESENTATION | OPERATION)]
)
def test_a_changed_key_changes_what_decides_a_result(leaf, news):
    assert {kind for _, kind in places(leaf, news)} & {"params", "input", "output"}


@pytest.mark.slow
@pytest.mark.parametrize("leaf", [leaf for leaf in CHANGES if matches(leaf, PRESENTATION)])
def test_what_is_only_shown_decides_no_result(leaf, news):
    assert {rule for rule, _ in places(leaf, news) if not rule.startswith(SHOWN)} == set()


def grid(config: dict) -> list:
    study = read_study(config, ROOT)
    sets = study.data_and_scope()
    return [
        study.conditions, study.evaluations, study.answers, study.judgements, study.pot, sets,
        [study.common_with(*pair) for pair in sets],
        [study.budget_of(c.model, c.data, c.scope, c.lr) for c in study.conditions],
        [spec["backend"] for spec in [*study.translators.values(), *study.judges.values()]],
        [entry.get("build", {}).get("languages") for entry in study.models.values()],
        study.config["sample"]["dataset"], study.config["evaluate"]["limit"],
    ]  # fmt: skip


@pytest.mark.parametrize("leaf", GRID)
def test_a_changed_key_changes_the_grid(leaf):
    assert grid(changed(STUDY, GRID[leaf])) != grid(STUDY)


@cache
def names_in(path: Path) -> frozenset[str]:
    """Texts, attributes and names of arguments that stand in a Python file, or words of a rule file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".smk":
        import re

        return frozenset(re.findall(r"""["'](\w+)["']""", text))
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.arg | ast.keyword) and node.arg:
            found.add(node.arg)
    return frozenset(found)


@pytest.mark.parametrize("leaf", [leaf for leaf in LEAVES if leaf.split(".")[0] in READERS])
def test_a_key_is_read_where_its_section_belongs(leaf):
    parts = [part for part in leaf.split(".") if part not in ("*", "[]")]
    name = parts[-1]
    patterns = [f"workflow_scripts/{one}" for one in READERS[parts[0]]]
    patterns += [f"rules/{one}.smk" for one in RULES[parts[0]]]
    if parts[-1] in ("languages", "seeds", "base", "learning_rates"):  # of the grid
        patterns.append("workflow_scripts/mothertongue/study.py")
    files = [path for pattern in patterns for path in ROOT.glob(pattern)]
    assert any(name in names_in(path) for path in files), f"nothing reads {leaf}"
