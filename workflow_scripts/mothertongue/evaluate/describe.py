"""What every benchmark of a study is: source, licence, origin, metric, chance and one prompt."""

import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from ..errors import InputError
from ..evaluate.pack import load_task
from ..files import existing_files
from ..prompts.template import CHAT, template_params
from ..study import Benchmark, Study
from ..study.paths import CMMLU, HELDOUT, Layout
from ..study.records import Dataset
from ..study.tasks import FAMILY, HARNESS, Places, read_task

WIDTH = 100


def local_files(spec: Benchmark, language: str, results: Path) -> dict[str, list[str]]:
    """Files of a benchmark that are there: its own, or those that the workflow makes."""

    made = Layout(str(results))
    test, shots = spec.paths_in(language), spec.demonstrations_in(language)
    if spec.dataset is None and spec.task == "cmmlu":
        test, shots = ([made.at(CMMLU, split=split)] for split in ("test", "dev"))
    if spec.dataset is None and spec.task == "native-perplexity":
        test = [made.at(HELDOUT, language=language)]
    return {"files": existing_files(test), "demonstrations": existing_files(shots)}


def one_prompt(
    study: Study, name: str, tasks: Places, results: Path, lock: Path
) -> tuple[str, str]:
    """The first prompt of a benchmark and what is scored behind it."""
    spec = study.benchmarks[name]
    language = spec.languages[0]
    dataset = spec.dataset or Dataset()
    files = local_files(spec, language, results)
    made_by_us = spec.task in ("cmmlu", "native-perplexity") and spec.dataset is None
    if (dataset.paths or made_by_us) and not files["files"]:
        what = "snakemake --cores 1 sample" if spec.task != "cmmlu" else "the study"
        raise InputError(f"its items are not there yet; run {what}")
    template = study.config["finetune"]["template"]
    loaded = load_task(
        spec.task_in(language),
        language,
        folder=tasks,
        files=files["files"] or None,
        demonstrations=files["demonstrations"] or None,
        hub={k: v for k, v in asdict(dataset).items() if k != "paths" and v} or None,
        lock=lock,
        shots=spec.shots,
        limit=1,
        max_new_tokens=spec.max_new_tokens,
        # the words of a chat template are a tokenizer's, and none is loaded for a look
        template="plain" if template == CHAT else template_params(template),
        cluster=spec.cluster,
        parallel=spec.origin != "native",
        missing=spec.missing,
        harness=spec.demonstrations == HARNESS,
    )
    task = next(iter(loaded["tasks"].values()))
    doc = task.eval_docs[0]
    prompt = str(task.fewshot_context(doc, task.config.num_fewshot or 0))
    if task.OUTPUT_TYPE == "multiple_choice":
        delimiter = task.config.target_delimiter
        options = " | ".join(repr(f"{delimiter}{option}") for option in task.doc_to_choice(doc))
        return prompt, f"the likeliest of {options}"
    if task.OUTPUT_TYPE == "generate_until":
        until = ", ".join(map(repr, task.config.generation_kwargs["until"]))
        most = task.config.generation_kwargs.get("max_gen_toks", "the model's most")
        return prompt, f"greedy text of at most {most} tokens, up to {until}"
    if "harness" in loaded:
        return prompt, "the likelihood of a text"
    return prompt, "the likelihood of the row's output"


def described(study: Study, name: str, tasks: Places) -> Iterator[tuple[str, str]]:
    """What a benchmark is, as pairs of words."""
    spec = study.benchmarks[name]
    task = read_task(spec.task_in(spec.languages[0]), tasks)
    metadata = task["metadata"]
    shots = task["num_fewshot"] if spec.shots is None else spec.shots
    own = spec.dataset
    source = metadata["source"]
    if own:
        paths = ", ".join(own.paths) or str(own.hub)
        source = paths if source == "a file named in the study" else f"{paths} (task: {source})"
    chance = metadata["chance"]
    theirs = metadata["family"] == FAMILY
    file = f"{spec.task} of lm-eval" if theirs else f"tasks/{spec.task}.yaml"
    yield "task", f"{file}, version {metadata['version']}"
    if not theirs:
        yield "paper", metadata["paper"]
    yield "source", source
    yield "licence", metadata["licence"]
    yield "languages", ", ".join(spec.languages)
    yield "origin", f"{spec['origin']}, {spec['kind']}"
    yield (
        "items",
        f"{metadata['items']:,} per language" if "items" in metadata else "as the data has",
    )
    if spec.limit or study.config["evaluate"]["limit"]:
        limits = [n for n in (spec.limit, study.config["evaluate"]["limit"]) if n]
        yield "limit", f"the first {min(limits)} items"
    yield (
        "demonstrations",
        f"{shots}{', as lm-eval has them' * (spec['demonstrations'] == HARNESS)}",
    )
    main, *more = dict.fromkeys([spec.metric or metadata["metrics"][0], *metadata["metrics"]])
    yield "metric", main + (f"; beside it {', '.join(more)}" if more else "")
    if not theirs:
        yield "chance level", "none" if chance is None else f"{chance:g} %"


def differences(spec: Benchmark, tasks: Places) -> Iterator[str]:
    """What differs from lm-eval's task of the name, in lines."""
    metadata = read_task(spec.task_in(spec.languages[0]), tasks)["metadata"]
    harness = metadata.get("harness")
    if metadata["family"] == FAMILY:
        yield "it is lm-eval's own task: prompts, filters and metrics are lm-eval's"
        return
    if not harness:
        yield "lm-eval has no task of this kind that is read here"
        return
    same = harness["prompt"] == "same"
    yield f"{harness['task']}: prompts {'are the same, character for character' if same else 'differ'}"
    for line in harness["differences"]:
        yield f"  - {line}"


def wrapped(label: str, text: str) -> str:
    """A labelled line, its rest indented."""
    indent = " " * 18
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=f"{label:<16}  ",
        subsequent_indent=indent,
        break_on_hyphens=False,
    )
