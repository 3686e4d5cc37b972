"""Let one tuned model answer one question set in one language.

The base is loaded as it was for tuning (8-bit by default), the adapter is attached and proved to
be applied, prompts follow the training template, and decoding is greedy unless a temperature is
set. Answers are kept after every batch in an undeclared file: a killed run continues there.
"""

import json
from pathlib import Path

from mothertongue.answer.generate import PartialAnswers, answer_all, stop_counts
from mothertongue.errors import InputError
from mothertongue.files import file_hash, read_jsonl, text_hash, write_json, write_jsonl
from mothertongue.generation import make_plain
from mothertongue.gpu_plan import resolved
from mothertongue.log import log_to
from mothertongue.warm import base_of_model, borrowed, run_warm


def fingerprint(provenance: dict, questions: list[dict]) -> str:
    """Everything that an answer depends on, as one hash."""
    return text_hash(json.dumps([provenance, questions], ensure_ascii=False, sort_keys=True))


def weight_file(paths: list[str]) -> Path | None:
    """The file that holds the weights among a rule's input files."""
    return next((Path(path) for path in paths if path.endswith(".safetensors")), None)


def main(
    *,
    questions: Path,
    adapter: Path | None,
    weights: Path | None,
    answers: Path,
    provenance: Path,
    partial: Path,
    model: dict,
    quantisation: str,
    dtype: str,
    template: str,
    max_new_tokens: int,
    temperature: float,
    batch_tokens: str | int,
    threads: int = 1,
) -> None:
    """Write one row per question: `id, prompt[, reference], answer, stop, tokens, …`.

    `weights` is the weight file of a base that the study built itself.
    """
    import torch
    from mothertongue import models

    asked = read_jsonl(questions)
    made_by = {
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
    kept = PartialAnswers(partial, fingerprint(made_by | {"batch_tokens": batch_tokens}, asked))
    torch.set_num_threads(threads)
    with borrowed(base_of_model(model, quantisation, dtype)) as (loaded, tokenizer):
        if adapter:
            loaded = models.attach_adapter(loaded, adapter.parent)
            made_by["adapter_proof"] = models.prove_adapter(loaded, tokenizer)
        loaded.eval()
        made_by["compute_dtype"] = str(loaded.dtype)
        made_by["ignored_generation_settings"] = make_plain(loaded)
        rows = answer_all(
            loaded,
            tokenizer,
            asked,
            render=lambda instruction: models.render_prompt(instruction, template),
            partial=kept,
            max_new_tokens=max_new_tokens,
            temperature=temperature,
            batch_tokens=batch_tokens,
        )
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
    write_json(provenance, made_by | {"questions": file_hash(questions), "stops": counts})
    write_jsonl(answers, rows)
    kept.discard()


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        generation = resolved(snakemake.params.generation, snakemake.input.quantisation)
        run_warm(
            "answer_questions",
            dict(
                questions=Path(snakemake.input.questions),
                adapter=weight_file(snakemake.input.adapter),
                weights=weight_file(snakemake.input.base),
                answers=Path(snakemake.output.answers),
                provenance=Path(snakemake.output.provenance),
                partial=Path(snakemake.params.partial),
                model=snakemake.params.model,
                batch_tokens=snakemake.resources.get("batch_tokens", "auto"),
                threads=snakemake.threads,
                **generation,
            ),
            base=base_of_model(
                snakemake.params.model, generation["quantisation"], generation["dtype"]
            ),
            gpus=snakemake.resources.get("gpu", 0),
        )
