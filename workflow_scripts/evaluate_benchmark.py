"""Evaluate one tuned model (or its untuned base) on one benchmark in one language, with lm-eval.

The base is loaded as it was for tuning (8-bit by default) and the adapter is attached and proved
to be applied before the first item. Finished chunks are kept in an undeclared file whose name
holds a hash of everything that the results depend on: a killed job goes on there.
"""

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mothertongue.evaluate.engines import agreement, agreement_file, elsewhere, on_this_host
from mothertongue.evaluate.job import (
    check_adapter,
    library_versions,
    store_key,
    write_score,
)
from mothertongue.files import file_hash, text_hash
from mothertongue.inference.base import BaseSpec
from mothertongue.inference.engines import base_of, refuse_without
from mothertongue.inference.inputs import base_weights, weight_file
from mothertongue.preload import run_preloaded
from mothertongue.process.attempts import finished_once
from mothertongue.process.log import log_to
from mothertongue.study.engines import TRANSFORMERS, VLLM, EngineSpec
from mothertongue.study.gpu_plan import resolved
from mothertongue.study.paths import FINISHED, SCORE, Layout, condition_of
from mothertongue.study.tasks import Places
from mothertongue.study.versions import VERSIONS


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
    engine: dict[str, Any] | None = None,
) -> None:
    """Write the score file and the table of items (keys and columns: docs/results.md).

    `weights` is the weight file of a base that the study built itself; `loading` holds
    quantisation, dtype and template; `task` name, shots, limit, max_new_tokens, hub and digest;
    `lock` is the hub's lock (hub.py), `engine` says who computes (study/engines.py).
    """
    started = time.monotonic()
    from mothertongue.evaluate.pack import load_task, sources

    asked_by = EngineSpec.of(engine)
    refuse_without(asked_by)
    if adapter:
        check_adapter(adapter, model)

    def load(limit: int | None) -> dict[str, Any]:
        return load_task(
            task["name"],
            language,
            folder=tasks,
            files=item_files or None,
            demonstrations=demonstration_files or None,
            hub=task["hub"],
            lock=lock,
            shots=task["shots"],
            limit=limit,
            max_new_tokens=task["max_new_tokens"],
            template=loading["template"],
            cluster=task.get("cluster"),
            parallel=task.get("parallel", False),
            missing=task.get("missing", "error"),
            harness=task.get("harness", False),
            metric=task.get("metric"),
        )

    loaded_task = load(task["limit"])
    import torch
    from mothertongue.evaluate import score as scoring
    from mothertongue.inference import models
    from mothertongue.inference.finished import Store
    from mothertongue.inference.marks import without_marks
    from mothertongue.inference.templates import open_template

    torch.set_num_threads(threads)
    if asked_by.name == VLLM:  # in 16 bits or more, whatever training read
        loading = {**loading, "quantisation": "none"}
    spec = BaseSpec.of_model(model, loading["quantisation"], loading["dtype"])
    through_template = task.get("template") == "same"

    def run(lm: Any, tokenizer: Any, of: dict[str, Any]) -> tuple[Any, Any, list[dict[str, Any]]]:
        """Ask a loaded task; its template, the score and the rows."""
        prompting = open_template(loading["template"], tokenizer)
        if through_template:
            lm.use(prompting, language)
        for one in of["tasks"].values():
            one.prompting = prompting
        return prompting, *scoring.run(lm, of, language, through_template=through_template)

    def few(by_engine: bool) -> list[dict[str, Any]]:
        """Rows of the first items, by the untuned base; transformers on the CPU where vLLM has the GPU."""
        untuned = {**condition, "data": "base"}
        opened = (
            elsewhere(asked_by, spec, model, untuned, None)
            if by_engine
            else on_this_host(spec, model, None, work, batch_tokens, "cpu")
        )
        with opened as held, TemporaryDirectory() as folder:
            lm = held.lm(Store(Path(folder), "few"))
            return run(lm, held.tokenizer, load(asked_by.agreement))[2]

    agreed = None
    if asked_by.name != TRANSFORMERS:
        opened = elsewhere(asked_by, spec, model, condition, adapter)
        if asked_by.agreement and (adapter or condition["data"] == "base"):  # else a whole model
            path = agreement_file(work, spec, asked_by, condition)
            agreed = agreement(lambda: few(False), lambda: few(True), path, asked_by.name)
    else:
        opened = on_this_host(spec, model, adapter, work, batch_tokens)
    with opened as held:
        facts: dict[str, Any] = {
            "base": model["base"],
            "revision": model.get("revision") or held.commit,
            "base_weights": file_hash(weights) if weights else None,
            "adapter": file_hash(adapter) if adapter else None,
            "adapter_config": file_hash(adapter.with_name("adapter_config.json"))
            if adapter
            else None,
            **loading,
            "compute_dtype": held.dtype,
            "device": held.device,
            "engine": held.engine,
            "task": {**task, "language": language},
            "data": sources(loaded_task),
            "files": {path: file_hash(path) for path in [*item_files, *demonstration_files]},
            "versions": {**models.versions(), **library_versions()},
        }
        loading_seconds = time.monotonic() - started
        store = Store(work, store_key({**facts, "meaning": VERSIONS["evaluate"]}))
        if store.resumed:
            print(f"going on behind {store.resumed} finished requests")
        starting_seconds = time.process_time()
        lm = held.lm(store)
        with lm.guarded():
            prompting, result, rows = run(lm, held.tokenizer, loaded_task)
    write_score(
        score,
        items,
        result,
        rows,
        benchmark=benchmark,
        condition={**condition, "learning_rate": learning_rate},
        provenance={
            **facts,
            "adapter_proof": held.proof,
            **({"agreement": agreed} if agreed else {}),
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
        layout = Layout.around(snakemake.output.score, SCORE)
        finished_once(
            snakemake.output,
            layout.results,
            layout.at(FINISHED),
            lambda: run_preloaded(
                "evaluate_benchmark",
                dict(
                    score=Path(snakemake.output.score),
                    items=Path(snakemake.output.table),
                    adapter=weight_file(snakemake.input.adapter),
                    weights=base_weights(snakemake.input.base, snakemake.input.adapter),
                    item_files=snakemake.params.files["test"],
                    demonstration_files=snakemake.params.files["demonstrations"],
                    condition=condition_of(snakemake.wildcards),
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
                    engine=snakemake.params.engine,
                ),
                base=base_of(
                    snakemake.params.engine,
                    snakemake.params.model,
                    loading["quantisation"],
                    loading["dtype"],
                ),
                gpus=snakemake.resources.get("gpu", 0),
            ),
        )
