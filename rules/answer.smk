# answer: the tuned models answer open questions.
# In:   answer.questions.* (JSON Lines of id, prompt[, reference]), bases and adapters (finetune)
# Out:  <results>/answer/questions/{questions}/{language}.jsonl   the set as used
#       <results>/answer/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.jsonl
#           id, prompt[, reference], answer, stop (eos | length), tokens, prompt_tokens, prompt_cut
#       <results>/answer/fidelity/…/fidelity-{questions}/{language}.{json,items.parquet}
#           the answers looked at without a judge (answer.fidelity)
#       ….provenance.json   base, adapter hash and proof, engine, generation settings, library versions
# Kept at undeclared paths (mothertongue/study/paths.py): finished answers while a run is unfinished;
# between jobs what a base's self-test found.


include: "common.smk"
include: "inference.smk"


from mothertongue.rules.answer import Answering
from mothertongue.rules.engines import reading

ANSWERING = Answering(MODELS)
GENERATING = reading(PLAN, "answer")


rule draw_questions:
    """Put one question set in one language in place, checked."""
    input:
        ANSWERING.sources,
    output:
        questions="<results>/answer/questions/{questions}/{language}.jsonl",
    log:
        "<logs>/answer/questions/{questions}/{language}.log",
    benchmark:
        "<benchmarks>/answer/questions/{questions}/{language}.tsv"
    priority: 2  # before any answers, so that an adapter's sets can be answered together
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        source=ANSWERING.source,
        drawn=ANSWERING.drawn,
        instructions=ANSWERING.instructions,
        aya=ANSWERING.aya,
        limit=ANSWERING.limit,
        lock=ANSWERING.lock,
        version=VERSIONS["questions"],
    script:
        "../workflow_scripts/draw_questions.py"


rule answer_questions:
    """Answers of one condition to one question set in one language."""
    input:
        questions=rules.draw_questions.output.questions,
        base=MODELS.base,
        quantisation=MODELS.choice,
        adapter=MODELS.adapter,
    output:
        answers="<results>/answer/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.jsonl",
        provenance="<results>/answer/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.provenance.json",
    log:
        "<logs>/answer/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.log",
    benchmark:
        "<benchmarks>/answer/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.tsv"
    priority: 1  # before the next fine-tuning: all that reads an adapter shares a loaded base
    conda:
        ("../envs/vllm.yaml" if config["answer"]["engine"] == "vllm" else "../envs/train.yaml")
    threads: 1
    resources:
        gpu=GENERATING.gpus_to_read,
        gpu_model=GENERATING.gpu_model,
        gpu_mem_mb=GENERATING.gpu_memory("answer"),
        mem_mb=GENERATING.reading_memory,
        runtime=GENERATING.reading_minutes(ANSWERING.tokens),
        batch_tokens=BATCH_TOKENS,
        answer_batch_tokens=ANSWER_BATCH_TOKENS,
    params:
        model=MODELS.entry,
        pinned=MODELS.pinned,
        generation=ANSWERING.generation,
        partial=ANSWERING.partial,
        probes=ANSWERING.probes,
        beside=ANSWERING.beside,
        engine=ANSWERING.engine,
        version=VERSIONS["answer"],
    script:
        "../workflow_scripts/answer_questions.py"


rule check_answers:
    """What is wrong with answers, without any judge: language, script, loops, end, refusals."""
    input:
        answers=rules.answer_questions.output.answers,
    output:
        score="<results>/answer/fidelity/{model}/{data}/{scope}/{lr}/seed{seed}/fidelity-{questions}/{language}.json",
        table="<results>/answer/fidelity/{model}/{data}/{scope}/{lr}/seed{seed}/fidelity-{questions}/{language}.items.parquet",
    log:
        "<logs>/answer/fidelity/{model}/{data}/{scope}/{lr}/seed{seed}/fidelity-{questions}/{language}.log",
    benchmark:
        "<benchmarks>/answer/fidelity/{model}/{data}/{scope}/{lr}/seed{seed}/fidelity-{questions}/{language}.tsv"
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        version=VERSIONS["fidelity"],
    script:
        "../workflow_scripts/check_answers.py"


rule answer:
    """Target: every answer set of the study."""
    input:
        ANSWERING.answers,
