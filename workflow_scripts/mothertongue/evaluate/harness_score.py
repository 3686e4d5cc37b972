"""Make the score file and the table of items of a task or group of lm-eval's own.

Values are lm-eval's, in percent where they are shares. Standard errors are those of a mean (robust to
clusters), else a bootstrap over items, which lm-eval would run in processes of its own.
"""

import math
import random
import statistics
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..files import text_hash
from ..inference.marks import without_marks
from ..prompts.template import CHAT
from ..study.harness import metric_name
from .harness import Loaded
from .records import Metric, Score
from .score import mean, output_lengths

Row = dict[str, Any]
Sample = Mapping[str, Any]
SHARES = ("acc", "exact_match", "em", "f1", "include", "contains")  # also acc_norm, exact_match-…
DRAWS = 200  # of a bootstrap
SEED = 1


def run(
    lm: Any, loaded: Mapping[str, Any], language: str, *, through_template: bool = False
) -> tuple[Score, list[Row]]:
    """Evaluate what `harness.load` loaded; as `score.run` does for the tasks of the pack."""
    import lm_eval

    harness: Loaded = loaded["harness"]
    tasks = loaded["tasks"]
    results = lm_eval.evaluate(
        lm=lm,
        task_dict={key: loaded[key] for key in ("tasks", "groups", "group_map")},
        samples=harness.samples(tasks),
        bootstrap_iters=0,
        log_samples=True,
        cache_requests=False,
        apply_chat_template=through_template,
        fewshot_as_multiturn=through_template and lm.prompting.name == CHAT,
    )
    samples: dict[str, list[Sample]] = {name: results["samples"][name] for name in tasks}
    filters = list(dict.fromkeys(one["filter"] for part in samples.values() for one in part))
    rows = [
        row for name in tasks for row in _rows(harness, tasks[name], samples[name], filters, lm)
    ]
    metrics = _metrics(harness, results["results"], tasks, samples, rows, filters)
    main = harness.asked.metric or next(iter(metrics))
    kind = {task.OUTPUT_TYPE for task in tasks.values()}
    levels = _levels(tasks, samples, metrics, filters)
    score = Score(
        task=harness.name,
        language=language,
        metric=main,
        metrics={main: metrics[main], **metrics},
        unit={name: unit_of(name) for name in metrics},
        higher_is_better={name: _higher(name, tasks) for name in metrics},
        chance=max(levels.get(main, {}).values(), default=None),
        chance_levels=levels,
        n=len(rows),
        version=next(iter(tasks.values())).VERSION,
        shots=next(iter(tasks.values())).config.num_fewshot or 0,
        output=output_lengths(rows) if kind == {"generate_until"} else None,
        ties=sum(row["tied"] for row in rows) if kind == {"multiple_choice"} else None,
        with_end=None,
        cut=lm.cut_report() if hasattr(lm, "cut_report") else None,
        data=harness.report["sources"],
        dropped={},
        notes=[*harness.report["notes"], *getattr(lm, "notes", [])],
    )
    return score, rows


def is_share(metric: str) -> bool:
    """Whether lm-eval's values of a metric lie between 0 and 1, and are shown in percent."""
    return any(metric == name or metric.startswith((f"{name}_", f"{name}-")) for name in SHARES)


def unit_of(metric: str) -> str:
    """The unit of a metric's values."""
    known = {"bits_per_byte": "bits", "word_perplexity": "per word", "byte_perplexity": "per byte"}
    return "%" if is_share(metric) else known.get(metric, "as lm-eval has it")


def _scale(metric: str) -> float:
    return 100.0 if is_share(metric) else 1.0


def _higher(name: str, tasks: Mapping[str, Any]) -> bool:
    """Whether more is better, as the task says, else as lm-eval's registry does."""
    for task in tasks.values():
        for metric, higher in task.higher_is_better().items():
            if name == metric or name.startswith(f"{metric}-"):
                return bool(higher)
    return True


def _rows(
    harness: Loaded, task: Any, samples: Sequence[Sample], filters: Sequence[str], lm: Any
) -> list[Row]:
    """A row per item: one value per metric and filter, where a metric has values of items."""
    by_doc: dict[int, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_doc[sample["doc_id"]].append(sample)
    name = task.task_name
    known = harness.identities(name, [found[0]["doc"] for found in by_doc.values()])
    rows = []
    for (item, cluster), found in zip(known, by_doc.values(), strict=True):
        first = found[0]
        arguments = [tuple(one) for one in first["arguments"]]
        row: Row = {
            "item": item,
            "cluster": cluster,
            "subject": name if harness.found.aggregate else str(first["doc"].get("subject") or ""),
            "prompt_hash": text_hash(without_marks(str(arguments[0][0]))),
            "target": str(first["target"]),
            **_reply(task, first, arguments, lm),
        }
        for sample in found:
            for metric in sample["metrics"]:
                told = metric_name(metric, sample["filter"], filters, task.OUTPUT_TYPE)
                value = sample[metric]
                if told.startswith("text_perplexity"):
                    continue  # a logarithm, which has a column of its own
                if isinstance(value, bool | int | float):
                    row[told] = _scale(told) * float(value)
                elif (
                    task.OUTPUT_TYPE == "loglikelihood_rolling"
                ):  # (log-likelihood, words or bytes)
                    row["loglikelihood"] = float(value[0])
                    row["words" if metric.startswith("word") else "bytes"] = int(value[1])
        rows.append(row)
    return rows


def _reply(task: Any, sample: Sample, arguments: list[tuple[Any, ...]], lm: Any) -> Row:
    """What the model said to an item."""
    reply = sample["resps"]
    if task.OUTPUT_TYPE == "multiple_choice":
        options = [float(one[0][0]) for one in reply][: len(task.doc_to_choice(sample["doc"]))]
        best = max(options)
        return {
            "prediction": str(options.index(best)),
            "tied": options.count(best) > 1,
            "options": options,
        }
    if task.OUTPUT_TYPE == "generate_until":
        text = reply[0][0]
        length = lm.generated(*arguments[0]) if hasattr(lm, "generated") else {}
        return {
            "prediction": text,
            "output_tokens": length.get("tokens", 0),
            "unfinished": length.get("unfinished", False),
        }
    if task.OUTPUT_TYPE == "loglikelihood":
        return {"prediction": None, "loglikelihood": float(reply[0][0][0])}
    return {"prediction": None}


def _metrics(
    harness: Loaded,
    results: Mapping[str, Any],
    tasks: Mapping[str, Any],
    samples: Mapping[str, Sequence[Sample]],
    rows: Sequence[Row],
    filters: Sequence[str],
) -> dict[str, Metric]:
    """Every metric with lm-eval's value, of the group or of the only task."""
    group = harness.found.aggregate
    whole = results[harness.name if group else next(iter(tasks))]
    weighted = {str(one["metric"]): one.get("weight_by_size", True) for one in group or ()}
    found: dict[str, Metric] = {}
    for key, value in whole.items():
        metric, comma, filter_name = key.rpartition(",")
        if not comma or metric.endswith("_stderr") or not isinstance(value, int | float):
            continue
        kind = next(iter(tasks.values())).OUTPUT_TYPE
        told = metric_name(metric, filter_name, filters, kind)
        parts = [
            _part(task, samples[name], metric, filter_name, told, rows, name if group else None)
            for name, task in tasks.items()
        ]
        found[told] = {
            "value": _scale(told) * float(value),
            "stderr": _combined(parts, weighted.get(metric, True)),
            "n": sum(part["n"] for part in parts),
        }
    return found


def _part(
    task: Any,
    samples: Sequence[Sample],
    metric: str,
    filter_name: str,
    told: str,
    rows: Sequence[Row],
    subject: str | None,
) -> Metric:
    """A metric of one task, for its standard error."""
    own = [row for row in rows if subject is None or row["subject"] == subject]
    groups = [row["cluster"] for row in own]
    values = [one[metric] for one in samples if one["filter"] == filter_name and metric in one]
    aggregation = task.aggregation().get(metric)
    if all(told in row for row in own) and getattr(aggregation, "__name__", "mean") == "mean":
        return mean([row[told] for row in own], groups)
    error = bootstrap(aggregation, values, groups) if len(values) == len(groups) else None
    return {
        "value": math.nan,
        "stderr": None if error is None else _scale(told) * error,
        "n": len(values),
    }


def bootstrap(
    aggregation: Callable[..., float], values: Sequence[Any], clusters: Sequence[str]
) -> float | None:
    """Standard error of an aggregate of all items: its spread over samples of clusters with repetition."""
    members: dict[str, list[Any]] = defaultdict(list)
    for cluster, value in zip(clusters, values, strict=True):
        members[cluster].append(value)
    if len(members) < 2:
        return None
    draw, groups = random.Random(SEED), list(members.values())
    found = [
        float(
            aggregation([value for group in draw.choices(groups, k=len(groups)) for value in group])
        )
        for _ in range(DRAWS)
    ]
    return statistics.stdev(found) if all(map(math.isfinite, found)) else None


def _combined(parts: Sequence[Metric], weighted: bool) -> float | None:
    """The standard error of a weighted or plain mean of tasks that are independent of each other."""
    total = sum(part["n"] for part in parts)
    squares = 0.0
    for part in parts:
        if part["stderr"] is None:
            return None
        weight = part["n"] / total if weighted else 1 / len(parts)
        squares += (weight * part["stderr"]) ** 2
    return math.sqrt(squares)


def _levels(
    tasks: Mapping[str, Any],
    samples: Mapping[str, Sequence[Sample]],
    metrics: Mapping[str, Metric],
    filters: Sequence[str],
) -> dict[str, dict[str, float]]:
    """What models that know nothing reach, in percent, for metrics that are shares of right items.

    `options`: one option at random; `majority`: always the text that is right most often (for options
    that are letters, their place); `empty`: saying nothing.
    """
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for name, task in tasks.items():
        docs = [one["doc"] for one in samples[name] if one["filter"] == samples[name][0]["filter"]]
        if task.OUTPUT_TYPE == "multiple_choice":
            choices = [[str(one) for one in task.doc_to_choice(doc)] for doc in docs]
            right = [
                [options[place] for place in _right(task, doc)]
                for doc, options in zip(docs, choices, strict=True)
            ]
            counts = Counter(text for texts in right for text in set(texts))
            most = max(counts, key=counts.__getitem__, default=None)  # None: no answer is known
            for metric in ("acc", "acc_norm", "acc_bytes", "acc_mutual_info"):
                for options, texts in zip(choices, right, strict=True):
                    found[metric]["options"].append(len(texts) / len(options))
                    found[metric]["majority"].append(float(most in texts))
        elif task.OUTPUT_TYPE == "generate_until":
            common = Counter(str(task.doc_to_target(doc)) for doc in docs).most_common(1)[0][0]
            for level, reply in (("empty", ""), ("majority", common)):
                for doc in docs:
                    for metric, value in _without_model(task, doc, reply).items():
                        for one in filters:
                            found[metric_name(metric, one, filters, task.OUTPUT_TYPE)][
                                level
                            ].append(value)
    return {
        name: {level: 100.0 * statistics.fmean(values) for level, values in found[name].items()}
        for name in metrics
        if name in found and is_share(name)
    }


def _right(task: Any, doc: Mapping[str, Any]) -> list[int]:
    """The places of the right options of an item."""
    gold = task.doc_to_text(doc) if task.multiple_input else task.doc_to_target(doc)
    options = task.doc_to_choice(doc)
    golds = gold if isinstance(gold, list) else [gold]
    places = [
        options.index(one) if isinstance(one, str) and one in options else one for one in golds
    ]
    return [int(one) for one in places if isinstance(one, int) and 0 <= one < len(options)]


def _without_model(task: Any, doc: Mapping[str, Any], reply: str) -> dict[str, float]:
    """What a reply scores by the task's own code; nothing, and a warning, where it expects another form."""
    try:
        scores = task.process_results(doc, [reply])
    except Exception as error:  # tasks bring code of their own, which may raise anything
        what = f"{task.config.task}: its code does not score the reply {reply!r}"
        warnings.warn(f"{what} ({type(error).__name__}): no chance level", stacklevel=2)
        return {}
    return {k: float(v) for k, v in scores.items() if isinstance(v, bool | int | float)}
