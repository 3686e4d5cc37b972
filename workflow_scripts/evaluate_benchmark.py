"""Evaluate one tuned model (or its untuned base) on one benchmark in one language, with lm-eval.

The base is loaded as it was for tuning (8-bit by default) and the adapter is attached and proved
to be applied before the first item. Finished chunks are kept in an undeclared file whose name
holds a hash of everything that the results depend on: a killed job goes on there.
"""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mothertongue.evaluate.job import (
    attach,
    check_adapter,
    library_versions,
    store_key,
    write_score,
)
from mothertongue.files import file_hash, text_hash
from mothertongue.inference.base import BaseSpec, borrowed
from mothertongue.inference.budgets import memory_folder, remembered
from mothertongue.inference.inputs import base_weights, weight_file
from mothertongue.preload import run_preloaded
from mothertongue.process.devices import card_of
from mothertongue.process.log import log_to
from mothertongue.study.gpu_plan import resolved
from mothertongue.study.tasks import Places
from mothertongue.study.versions import VERSIONS

if TYPE_CHECKING:
    pass


def main(
    *,
    score: Path,
    items: Path,
    adapter: Path | None,
    weights: Path | None,
    item_files: list[str],
    demonstration_files: list[str],
    condition: dict[str, Any],
    benchmark: str,
    language: str,
    model: dict[str, Any],
    loading: dict[str, Any],
    task: dict[str, Any],
    learning_rate: float | None,
    tasks: Places,
    work: Path,
    lock: Path | None = None,
    batch_tokens: int | str = "auto",
    threads: int = 1,
) -> None:
    """Write the score file and the table of items (keys and columns: docs/results.md).

    `weights` is the weight file of a base that the study built itself; `loading` holds
    quantisation, dtype and template; `task` name, shots, limit, max_new_tokens, hub and digest;
    `lock` is the hub's lock (hub.py).
    """
    started = time.monotonic()
    from mothertongue.evaluate.pack import load_task, sources

    if adapter:
        check_adapter(adapter, model)
    loaded_task = load_task(
        task["name"],
        language,
        folder=tasks,
        files=item_files or None,
        demonstrations=demonstration_files or None,
        hub=task["hub"],
        lock=lock,
        shots=task["shots"],
        limit=task["limit"],
        max_new_tokens=task["max_new_tokens"],
        template=loading["template"],
        cluster=task.get("cluster"),
        parallel=task.get("parallel", False),
        missing=task.get("missing", "error"),
        harness=task.get("harness", False),
        metric=task.get("metric"),
    )
    import torch
    from mothertongue.evaluate import score as scoring
    from mothertongue.inference import models
    from mothertongue.inference.finished import Store
    from mothertongue.inference.marks import without_marks
    from mothertongue.inference.prefix import PrefixLM
    from mothertongue.inference.self_test_results import SelfTestResults, facts_of
    from mothertongue.inference.templates import open_template

    torch.set_num_threads(threads)
    spec = BaseSpec.of_model(model, loading["quantisation"], loading["dtype"])
    with borrowed(spec) as (base, tokenizer):
        facts: dict[str, Any] = {
            "base": model["base"],
            "revision": model.get("revision") or getattr(base.config, "_commit_hash", None),
            "base_weights": file_hash(weights) if weights else None,
            "adapter": file_hash(adapter) if adapter else None,
            "adapter_config": file_hash(adapter.with_name("adapter_config.json"))
            if adapter
            else None,
            **loading,
            "compute_dtype": str(base.dtype),
            "device": base.device.type,
            "task": {**task, "language": language},
            "data": sources(loaded_task),
            "files": {path: file_hash(path) for path in [*item_files, *demonstration_files]},
            "versions": {**models.versions(), **library_versions()},
        }
        tuned, proof = base, None
        if adapter:
            tuned = attach(base, adapter, model)
            proof = models.prove_adapter(tuned, tokenizer)
        loading_seconds = time.monotonic() - started
        store = Store(work, store_key({**facts, "meaning": VERSIONS["evaluate"]}))
        if store.resumed:
            print(f"going on behind {store.resumed} finished requests")
        starting_seconds = time.process_time()
        memory = remembered(
            memory_folder(work),
            "evaluate",
            base=model["base"],
            quantisation=loading["quantisation"],
            dtype=str(base.dtype),
            card=card_of(str(base.device)),
        )
        verdicts = SelfTestResults(work.parent / "probe", facts_of(base, spec))
        lm = PrefixLM(
            tuned,
            tokenizer,
            batch_tokens=batch_tokens,
            store=store,
            memory=memory,
            verdicts=verdicts,
        )
        prompting = open_template(loading["template"], tokenizer)
        through_template = task.get("template") == "same"
        if through_template:
            lm.use(prompting, language)
        for one in loaded_task["tasks"].values():
            one.prompting = prompting
        with lm.budget.halved_by_failure():
            result, rows = scoring.run(lm, loaded_task, language, through_template=through_template)
    write_score(
        score,
        items,
        result,
        rows,
        benchmark=benchmark,
        condition={**condition, "learning_rate": learning_rate},
        provenance={
            **facts,
            "adapter_proof": proof,
            "template_hash": text_hash(without_marks(prompting.prompt(["{}"])))[:16],
            "ignored_generation_settings": lm.ignored_generation,
            "batch_tokens": lm.batch_tokens,
            "prefixes_shared": lm.share,
            "resumed_requests": store.resumed,
            "work": lm.statistics,
            "seconds": {
                "loading": round(loading_seconds, 2),
                "all": round(time.monotonic() - started, 2),
                "cpu": round(time.process_time(), 2),
                "cpu_at_first_item": round(starting_seconds, 2),
            },
        },
    )
    store.close()


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        loading = resolved(snakemake.params.loading, snakemake.input.quantisation)
        run_preloaded(
            "evaluate_benchmark",
            dict(
                score=Path(snakemake.output.score),
                items=Path(snakemake.output.table),
                adapter=weight_file(snakemake.input.adapter),
                weights=base_weights(snakemake.input.base, snakemake.input.adapter),
                item_files=snakemake.params.files["test"],
                demonstration_files=snakemake.params.files["demonstrations"],
                condition={
                    key: snakemake.wildcards[key]
                    for key in ("model", "data", "scope", "lr", "seed")
                },
                benchmark=snakemake.wildcards.benchmark,
                language=snakemake.wildcards.language,
                model=snakemake.params.model,
                loading=loading,
                task=snakemake.params.task,
                learning_rate=snakemake.params.learning_rate,
                tasks=snakemake.params.tasks,
                work=Path(snakemake.params.work),
                lock=Path(snakemake.params.lock),
                batch_tokens=snakemake.resources.get("batch_tokens", "auto"),
                threads=snakemake.threads,
            ),
            base=BaseSpec.of_model(
                snakemake.params.model, loading["quantisation"], loading["dtype"]
            ),
            gpus=snakemake.resources.get("gpu", 0),
        )
