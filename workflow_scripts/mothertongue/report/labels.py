"""Words for tests, metrics and numbers: the same in tables, figures and sentences."""

from ..correlate.averages import Cells, Test

METRIC_WORDS = {
    "acc": "accuracy",
    "acc_macro": "accuracy, mean over subjects",
    "em": "exact match",
    "f1": "F1",
    "include": "answer contained",
    "total": "total rating",
    "rating": "mean rating",
    "win_rate": "wins against native data",
    "perplexity": "perplexity (less is better)",
    "word_perplexity": "perplexity per word (less is better)",
    "byte_perplexity": "perplexity per byte (less is better)",
    "acc_norm": "accuracy, by likelihood per character",
    "acc_bytes": "accuracy, by likelihood per byte",
    "exact_match": "exact match",
    "loglikelihood": "log-likelihood per text",
    "bits_per_character": "bits per character (less is better)",
    "bits_per_byte": "bits per byte (less is better)",
    "f1_harness": "F1 as lm-eval has it",
    "exact_match_strict": "exact match of strings",
    "include_strict": "answer contained, as a string",
    "strict-match": "lm-eval's strict-match",
    "language_fidelity": "in the right language and script",
    "wrong_language": "in another language",
    "mixed_script": "in mixed scripts",
    "loop": "in a loop",
    "cut_off": "cut off at the token limit",
    "refusal": "refusals",
    "empty": "empty",
    "untold": "language cannot be told",
    "flexible-extract": "lm-eval's flexible-extract",
}


def metric_words(metric: str) -> str:
    """A metric's readable name."""
    return METRIC_WORDS.get(metric, metric.replace("_", " "))


def capitalised(words: str) -> str:
    """Words that begin with a capital; the rest stays as it is."""
    return words[:1].upper() + words[1:]


def short_label(cells: Cells, test: Test) -> str:
    """As short as figures want it: `QA: translated · GPT-4-Turbo`."""
    label = cells.facts.benchmark(test.benchmark).label
    if test.judge is None:
        return capitalised(label)
    name = label.removeprefix("Open questions: ").removesuffix(" questions")
    return f"QA: {name} · {cells.facts.judge(test.judge)}"
