"""Run a task on a model through lm-eval and make the score file and the table of items.

What both hold, key by key: docs/results.md.
"""

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..files import text_hash
from ..inference.marks import without_marks
from ..prompts.template import CHAT
from . import metrics as scorers
from .records import Chance, Metric, Report, Score, Summary

Row = dict[str, Any]
OPTIONS = "ABCD"
LIKELIEST = ("choice", "cloze")  # families whose options are scored by their likelihood


def run(
    lm: Any, loaded: dict[str, Any], language: str, *, through_template: bool = False
) -> tuple[Score, list[Row]]:
    """Evaluate a loaded task; returns the score (without condition and provenance) and items.

    `through_template`: the prompts go through the model's template (`lm.prompting`); with a chat
    template demonstrations are turns, else they are part of the instruction.
    """
    import lm_eval

    if "harness" in loaded:
        from .harness_score import run as run_harness

        return run_harness(lm, loaded, language, through_template=through_template)
    (name, task), *_ = loaded["tasks"].items()
    results = lm_eval.evaluate(
        lm=lm,
        task_dict=loaded,
        bootstrap_iters=0,
        log_samples=True,
        cache_requests=False,
        apply_chat_template=through_template,
        fewshot_as_multiturn=through_template and lm.prompting.name == CHAT,
    )
    metadata = task.config.metadata
    items = [make_row(sample, metadata["family"], lm) for sample in results["samples"][name]]
    score = Score(
        task=name,
        language=language,
        metric=metadata["metrics"][0],
        **summarise(items, metadata),
        **chance(results["samples"][name], metadata),
        n=len(items),
        version=metadata["version"],
        shots=task.config.num_fewshot,
        output=output_lengths(items) if task.OUTPUT_TYPE == "generate_until" else None,
        ties=sum(item["tied"] for item in items) if metadata["family"] in LIKELIEST else None,
        with_end=with_end(items) if metadata["family"] == "text" else None,
        cut=lm.cut_report() if hasattr(lm, "cut_report") else None,
        data=task.report["sources"],
        dropped=task.report.get("dropped", {}),
        notes=remarks(task.report, lm),
    )
    return score, items


def remarks(report: Report, lm: Any) -> list[str]:
    """What a reader of the score should know."""
    return [*report.get("notes", []), *getattr(lm, "notes", [])]


def make_row(sample: Mapping[str, Any], family: str, lm: Any) -> Row:
    """One item's row from lm-eval's sample."""
    doc = sample["doc"]
    first = sample["arguments"][0]
    row: Row = {
        "item": doc["id"],
        "cluster": doc["cluster"],
        "subject": doc["subject"],
        "prompt_hash": text_hash(without_marks(first[0])),
    }
    reply = sample["filtered_resps"]
    if family == "choice":
        likelihoods = [likelihood for likelihood, _ in reply]
        row["target"] = OPTIONS[doc["gold"]]
        row["prediction"] = OPTIONS[likelihoods.index(max(likelihoods))]
        row["acc"] = 100.0 * sample["acc"]
        row["tied"] = likelihoods.count(max(likelihoods)) > 1  # the first of equals is taken
        row["options"] = likelihoods
    elif family == "cloze":
        likelihoods = [likelihood for likelihood, _ in reply]
        row["target"] = doc["options"][doc["gold"]]
        row["prediction"] = doc["options"][likelihoods.index(max(likelihoods))]
        row |= {metric: 100.0 * sample[metric] for metric in sample["metrics"]}
        row["tied"] = likelihoods.count(max(likelihoods)) > 1
        row["options"] = likelihoods
    elif family == "text":
        row["target"] = doc["output"]
        row["prediction"] = None
        row["loglikelihood"], _, *end = reply[0]
        scored = lm.scored_text(*first)
        row["tokens"] = lm.scored_tokens(*first)
        row["characters"] = len(scored)
        row["bytes"] = len(scored.encode())
        row["bits_per_byte"] = -row["loglikelihood"] / math.log(2) / max(1, row["bytes"])
        row["end_loglikelihood"] = end[0] if end else None
    else:
        row["target"] = str(sample["target"])
        row["prediction"] = reply[0]
        row |= {metric: 100.0 * sample[metric] for metric in sample["metrics"]}
        length = lm.generated(*first)
        row["output_tokens"] = length["tokens"]
        row["unfinished"] = length["unfinished"]
    return row


def summarise(items: Sequence[Row], metadata: Mapping[str, Any]) -> Summary:
    """Metrics with standard errors, their units and directions."""
    if metadata["family"] == "text":
        metrics = perplexity(items)
        units = {"perplexity": "per token", "bits_per_byte": "bits", "bits_per_character": "bits"}
        units["loglikelihood"] = "nats per text"
        return {
            "metrics": metrics,
            "unit": units,
            "higher_is_better": {name: name == "loglikelihood" for name in metrics},
        }
    groups = [item.get("cluster", place) for place, item in enumerate(items)]
    metrics = {name: mean([item[name] for item in items], groups) for name in metadata["metrics"]}
    if metadata["family"] == "choice":
        metrics["acc_macro"] = macro(items, "acc")
    return {
        "metrics": metrics,
        "unit": dict.fromkeys(metrics, "%"),
        "higher_is_better": dict.fromkeys(metrics, True),
    }


def mean(values: Sequence[float], clusters: Sequence[Any] | None = None) -> Metric:
    """Mean and its standard error, robust to clusters of items that are not independent.

    With G clusters: root of G / (G - 1) times the sum of the clusters' squared summed residuals,
    over n; for clusters of one item this is the sample standard deviation / root n.
    """
    n, value = len(values), statistics.fmean(values)
    sums: defaultdict[Any, float] = defaultdict(float)
    for place, entry in enumerate(values):
        sums[clusters[place] if clusters else place] += entry - value
    error = None
    if len(sums) > 1:
        scale = len(sums) / (len(sums) - 1)
        error = math.sqrt(scale * sum(total**2 for total in sums.values())) / n
    return {"value": value, "stderr": error, "n": n}


def chance(samples: Sequence[Mapping[str, Any]], metadata: Mapping[str, Any]) -> Chance:
    """Scores that need no model, in percent: `chance` of the main metric, `chance_levels` of each.

    Levels: `options`, picking one at random (the mean of 1/k over items); `majority`, always giving
    the most frequent gold answer; `empty`, saying nothing. A score whose interval does not lie
    above every level shows nothing about the model. Null for likelihoods.
    """
    family, docs = metadata["family"], [sample["doc"] for sample in samples]
    if family == "text":
        return {"chance": None, "chance_levels": {}}
    if family == "choice":
        options = statistics.fmean(100.0 / len(OPTIONS) for _ in docs)
        constant = Counter(doc["gold"] for doc in docs).most_common(1)[0][0]
        rows = [
            {"subject": doc.get("subject", ""), "acc": 100.0 * (doc["gold"] == constant)}
            for doc in docs
        ]
        majority = {"acc": mean([row["acc"] for row in rows]), "acc_macro": macro(rows, "acc")}
        levels = {k: {"options": options, "majority": v["value"]} for k, v in majority.items()}
        return {"chance": options, "chance_levels": levels}
    if family == "cloze":
        options = statistics.fmean(100.0 / len(doc["options"]) for doc in docs)
        # by its text: a model that scores options one by one never sees their places
        most = Counter(doc["options"][doc["gold"]] for doc in docs).most_common(1)[0][1]
        both = {"options": options, "majority": 100.0 * most / len(docs)}
        return {"chance": options, "chance_levels": dict.fromkeys(metadata["metrics"], both)}
    scorer = {"short-answer": scorers.score_short_answer, "number": scorers.score_number}[family]
    golds = Counter(answer for doc in docs for answer in set(doc.get("answers") or ()))
    golds = golds or Counter(doc["answer_number"] for doc in docs)
    found: dict[str, dict[str, float]] = {name: {} for name in metadata["metrics"]}
    for level, reply in (("empty", ""), ("majority", golds.most_common(1)[0][0])):
        scores = [scorer(doc, [reply]) for doc in docs]
        for name in found:
            found[name][level] = 100.0 * statistics.fmean(score[name] for score in scores)
    return {"chance": found[metadata["metrics"][0]]["empty"], "chance_levels": found}


def macro(items: Sequence[Row], metric: str) -> Metric:
    """Mean over subjects of the subjects' means; errors of subjects add as independent ones."""
    by_subject: defaultdict[str, list[float]] = defaultdict(list)
    for item in items:
        by_subject[item["subject"]].append(item[metric])
    parts = [mean(values) for values in by_subject.values()]
    errors = [part["stderr"] for part in parts if part["stderr"] is not None]
    error = None
    if len(errors) == len(parts):
        error = math.sqrt(sum(value**2 for value in errors)) / len(parts)
    value = statistics.fmean(part["value"] for part in parts)
    return {"value": value, "stderr": error, "n": len(items)}


def perplexity(items: Sequence[Row]) -> dict[str, Metric]:
    """Perplexity per token, bits per UTF-8 byte and per character, and mean log-likelihood.

    The first three are ratios of sums over all items. Their standard errors treat items as
    independent and use the delta method for a ratio of sums.
    """
    n = len(items)

    def ratio(over: str) -> tuple[float, float | None]:
        total = sum(item[over] for item in items)
        rate = -sum(item["loglikelihood"] for item in items) / total
        if n < 2:
            return rate, None
        rest = [-item["loglikelihood"] - rate * item[over] for item in items]
        return rate, math.sqrt(n / (n - 1) * sum(value**2 for value in rest)) / total

    def bits(over: str) -> Metric:
        rate, error = ratio(over)
        error = None if error is None else error / math.log(2)
        return {"value": rate / math.log(2), "stderr": error, "n": n}

    nats, error = ratio("tokens")
    value = math.exp(nats)
    return {
        "perplexity": {"value": value, "stderr": None if error is None else value * error, "n": n},
        "bits_per_byte": bits("bytes"),
        "bits_per_character": bits("characters"),
        "loglikelihood": mean([item["loglikelihood"] for item in items]),
    }


def with_end(items: Sequence[Row]) -> dict[str, float]:
    """Of all texts together, each with the end token that training supervises after it.

    `perplexity` is therefore of the same tokens as `validation_perplexity` of a fine-tuning. The
    metrics leave the end token out: it is no text and has no bytes, and an untuned base has never
    seen it there.
    """
    ends = [end for item in items if (end := item["end_loglikelihood"]) is not None]
    total = sum(item["loglikelihood"] for item in items) + sum(ends)
    tokens = sum(item["tokens"] for item in items) + len(ends)
    length = sum(item["bytes"] for item in items)
    return {
        "loglikelihood": total,
        "tokens": tokens,
        "bytes": length,
        "perplexity": math.exp(-total / tokens),
        "bits_per_byte": -total / math.log(2) / max(1, length),
    }


def output_lengths(items: Sequence[Row]) -> dict[str, Any]:
    """How long the generated texts are, and how many ran to the limit."""

    def describe(values: list[int]) -> dict[str, float]:
        return {
            "mean": statistics.fmean(values),
            "median": statistics.median(values),
            "max": max(values),
        }

    return {
        "characters": describe([len(item["prediction"]) for item in items]),
        "tokens": describe([item["output_tokens"] for item in items]),
        "unfinished": sum(item["unfinished"] for item in items),
    }


def write_items(path: Path, items: Sequence[Row]) -> None:
    """Write the table of items as parquet, atomically."""
    import polars as pl

    from ..files import atomic

    with atomic(path) as temporary:
        pl.DataFrame(items, infer_schema_length=None).write_parquet(temporary)
