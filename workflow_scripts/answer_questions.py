"""Let one tuned model answer one question set in one language.

The base is loaded as it was for tuning (8-bit by default), the adapter is attached and proved to
be applied, prompts follow the training template, and decoding is greedy unless a temperature is
set. It goes through the engine of the benchmarks (inference/prefix.py), or asks a server or vLLM
(`answer.engine`). Answers are kept in an undeclared file when they end: a killed run continues
there. On a GPU the adapter's other question sets are answered in the same passes, and their jobs
find the answers.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mothertongue.answer.elsewhere import answer_elsewhere
from mothertongue.answer.generate import stop_counts
from mothertongue.answer.here import Limits, answer_here
from mothertongue.answer.job import opened, opened_beside
from mothertongue.errors import InputError
from mothertongue.files import (
    file_hash,
    write_json,
    write_jsonl,
)
from mothertongue.inference.base import BaseSpec
from mothertongue.inference.engines import base_of, open_engine, refuse_without, told_of
from mothertongue.inference.inputs import base_weights, weight_file
from mothertongue.preload import run_preloaded
from mothertongue.process.attempts import finished_once
from mothertongue.process.log import log_to
from mothertongue.study.engines import TRANSFORMERS, VLLM, EngineSpec
from mothertongue.study.gpu_plan import resolved
from mothertongue.study.paths import ANSWERS, FINISHED, Layout, condition_of


def main(
    *,
    questions: Path,
    adapter: Path | None,
    weights: Path | None,
    answers: Path,
    provenance: Path,
    partial: Path,
    model: Mapping[str, Any],
    quantisation: str,
    dtype: str,
    template: str | Mapping[str, Any],
    max_new_tokens: int,
    temperature: float,
    batch_tokens: str | int,
    probes: Path | None = None,
    beside: Sequence[dict[str, str]] = (),
    engine: Mapping[str, Any] | None = None,
    condition: Mapping[str, str] | None = None,
    threads: int = 1,
) -> None:
    """Write one row per question: `id, prompt[, reference], answer, stop, tokens, …`.

    `weights` is the weight file of a base that the study built itself. `probes` is the folder of
    what was found about bases (inference/self_test_results.py). `beside` are the adapter's
    other sets, each with the paths `questions`, `answers`, `provenance` and `partial`. `engine` says
    who generates (study/engines.py), for the cell `condition` of the grid.
    """
    asked_by = EngineSpec.of(engine)
    refuse_without(asked_by)
    import torch
    from mothertongue.inference import models
    from mothertongue.inference.templates import open_template

    if asked_by.name == VLLM:  # in 16 bits or more, whatever training read
        quantisation = "none"
    made_by: dict[str, Any] = {
        "base": model["base"],
        "revision": model.get("revision"),
        "base_weights": file_hash(weights) if weights else None,
        "adapter": file_hash(adapter) if adapter else None,
        "quantisation": quantisation,
        "dtype": dtype,
        "template": template,
        "max_new_tokens": max_new_tokens,
        "temperature": temperature,
        "versions": models.versions(),
    }
    if (
        asked_by.name != TRANSFORMERS
    ):  # answers that another engine left unfinished are no part of these
        made_by["engine"] = told_of(asked_by, model, condition or {})
    asked = opened(questions, partial, made_by)
    if asked.complete:
        print("answered with another set of this adapter, or by a stopped job: no model is needed")
    else:
        others = opened_beside(beside, made_by)
        torch.set_num_threads(threads)
        spec = BaseSpec.of_model(model, quantisation, dtype)
        sets = [asked, *others]
        if others:
            print(f"{len(sets)} question sets of this adapter are answered together")

        def begin(facts: dict[str, Any]) -> None:
            for one in sets:
                one.partial.note(facts)

        limits: Limits = {"max_new_tokens": max_new_tokens, "temperature": temperature}
        if asked_by.name == TRANSFORMERS:
            answer_here(spec, adapter, sets, template, limits, batch_tokens, partial, probes, begin)
        else:
            found = open_engine(asked_by, spec, model, condition or {}, adapter)
            begin(
                {
                    "engine": found.told,
                    "compute_dtype": asked_by.name,
                    "ignored_generation_settings": [],
                    **({"adapter_proof": found.proof} if found.proof else {}),
                }
            )
            prompting = open_template(template, found.tokenizer)
            lm = found.lm(None)
            answer_elsewhere(lm, sets, prompting=prompting, context=found.context, **limits)
        for one in others:
            one.partial.close()
    rows = asked.answers()
    if rows and not any(row["answer"].strip() for row in rows):
        raise InputError(
            f"{answers}: all {len(rows)} answers are empty: the model ends at once. Check the base's"
            " end token and finetune.template with a prompt of your own; or leave this condition out"
            " (conditions, answer.base)"
        )
    counts = stop_counts(rows)
    cut = sum(row["prompt_cut"] > 0 for row in rows)
    print(
        f"ended by themselves {counts['eos']}, at the limit {counts['length']}, cut prompts {cut}"
    )
    facts = asked.partial.facts or {}
    write_json(provenance, made_by | facts | {"questions": file_hash(questions), "stops": counts})
    write_jsonl(answers, rows)
    asked.partial.discard()


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        generation = resolved(snakemake.params.generation, snakemake.input.quantisation)
        generation.pop("engine", None)  # it may decide that answers are made anew, and no more
        layout = Layout.around(snakemake.output.answers, ANSWERS)
        finished_once(
            snakemake.output,
            layout.results,
            layout.at(FINISHED),
            lambda: run_preloaded(
                "answer_questions",
                dict(
                    questions=Path(snakemake.input.questions),
                    adapter=weight_file(snakemake.input.adapter),
                    weights=base_weights(snakemake.input.base, snakemake.input.adapter),
                    answers=Path(snakemake.output.answers),
                    provenance=Path(snakemake.output.provenance),
                    partial=Path(snakemake.params.partial),
                    probes=Path(snakemake.params.probes),
                    beside=snakemake.params.beside,
                    condition=condition_of(snakemake.wildcards),
                    engine=snakemake.params.engine,
                    model=snakemake.params.model,
                    batch_tokens=snakemake.resources.get("answer_batch_tokens", "auto"),
                    threads=snakemake.threads,
                    **generation,
                ),
                base=base_of(
                    snakemake.params.engine,
                    snakemake.params.model,
                    generation["quantisation"],
                    generation["dtype"],
                ),
                gpus=snakemake.resources.get("gpu", 0),
            ),
        )
