# answer: the tuned models answer open questions.
# In:   answer.questions.* (JSON Lines of id, prompt[, reference]), bases and adapters (finetune)
# Out:  <results>/answer/questions/{questions}/{language}.jsonl   the set as used
#       <results>/answer/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.jsonl
#           id, prompt[, reference], answer, stop (eos | length), tokens, prompt_tokens, prompt_cut
#       ….provenance.json   base, adapter hash and proof, generation settings, library versions
# Kept while a run is unfinished: <results>/.work/answer/… (undeclared; finished answers).
# Kept between jobs: <results>/.work/probe/… (what a base's start-up probe found).


include: "common.smk"
include: "inference.smk"


from functools import cache

from mothertongue.files import existing_files, patterns_of
from mothertongue.estimate.workload import questions_asked


def question_source(wildcards):
    """Path or address of {questions} in {language}; None for a drawn set."""
    path = STUDY.questions[wildcards.questions].get("path")
    return path.replace("{language}", wildcards.language) if path else None


def question_draw(wildcards):
    """How {questions} is drawn, if it is."""
    drawn = STUDY.questions[wildcards.questions].get("draw")
    if not drawn or "path" not in drawn["dataset"]:
        return drawn and {**drawn, "dataset": with_lock(drawn["dataset"])}
    paths = patterns_of(drawn["dataset"]["path"])
    files = [path.replace("{language}", wildcards.language) for path in paths]
    return {**drawn, "dataset": {**drawn["dataset"], "path": files}}


def question_files(wildcards):
    """Local files that {questions} comes from, as far as they are there; the script names others."""
    drawn = question_draw(wildcards)
    if not drawn:
        return existing_files([question_source(wildcards)])
    instructions = config["sample"]["dataset"].get("path", [])
    return existing_files(
        [*patterns_of(drawn["dataset"].get("path", [])), *patterns_of(instructions)]
    )


def instructions_of(wildcards):
    """The instruction data that drawn questions must not repeat."""
    return with_lock(config["sample"]["dataset"]) if question_draw(wildcards) else {}


def aya_of(wildcards):
    """The rows of it that are the language's."""
    return STUDY.languages[wildcards.language]["aya"] if question_draw(wildcards) else {}


def answer_files(wildcards=None):
    """Every answer set of the study."""
    return [
        f"<results>/answer/{answers.condition.path}/{answers.questions}/{answers.language}.jsonl"
        for answers in STUDY.answers
    ]


def work_of_answers(answers):
    """Where finished answers wait while a run is unfinished."""
    results = Path(answers).parents[7]
    return str(results / ".work" / Path(answers).relative_to(results))


@cache
def sets_of():
    """The answer sets of each condition, by its path."""
    found = {}
    for one in STUDY.answers:
        found.setdefault(one.condition.path, []).append(one)
    return found


def sets_beside(wildcards, output, resources):
    """The adapter's other question sets; a job on a GPU answers them in the same passes.

    On a CPU the passes would not be cheaper, and the jobs of the sets run side by side. As a
    parameter that looks at `output` it re-runs nothing.
    """
    if not resources.get("gpu"):
        return []
    cell = Path(output.answers).parents[1]
    found = []
    for one in sets_of().get(COND.format(**wildcards), []):
        answers = cell / one.questions / f"{one.language}.jsonl"
        questions = cell.parents[4] / "questions" / one.questions / answers.name
        if str(answers) != output.answers:
            found.append(
                {
                    "questions": str(questions),
                    "answers": str(answers),
                    "provenance": str(answers.with_suffix(".provenance.json")),
                    "partial": work_of_answers(answers),
                }
            )
    return found


def tokens_answered(wildcards):
    """Tokens that one answer set reads and writes."""
    number = questions_asked(STUDY, wildcards.questions, wildcards.language)
    return needs_of.answer_tokens(number, config["answer"]["max_new_tokens"])


rule draw_questions:
    """Put one question set in one language in place, checked."""
    input:
        question_files,
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
        source=question_source,
        drawn=question_draw,
        instructions=instructions_of,
        aya=aya_of,
        limit=lambda w: config["answer"]["questions"][w.questions]["limit"],
        lock=lambda wildcards, threads: LOCK,  # asks for threads, so it is not compared
        version=VERSIONS["questions"],
    script:
        "../workflow_scripts/draw_questions.py"


rule answer_questions:
    """Answers of one condition to one question set in one language."""
    input:
        questions=rules.draw_questions.output.questions,
        base=base_of,
        quantisation=choice_of,
        adapter=adapter_of,
    output:
        answers="<results>/answer/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.jsonl",
        provenance="<results>/answer/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.provenance.json",
    log:
        "<logs>/answer/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.log",
    benchmark:
        "<benchmarks>/answer/{model}/{data}/{scope}/{lr}/seed{seed}/{questions}/{language}.tsv"
    priority: 1  # before the next fine-tuning: all that reads an adapter shares a loaded base
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        gpu=inference_gpus,
        gpu_model=gpu_model,
        gpu_mem_mb=gpu_memory("answer"),
        mem_mb=inference_memory,
        runtime=inference_minutes(tokens_answered),
        batch_tokens=BATCH_TOKENS,
        answer_batch_tokens=ANSWER_BATCH_TOKENS,
    params:
        model=model_of,
        pinned=pinned_base,
        generation=lambda wildcards: {
            "quantisation": configured_quantisation(wildcards.model),
            "dtype": config["finetune"]["dtype"],
            "template": config["finetune"]["template"],
            "max_new_tokens": config["answer"]["max_new_tokens"],
            "temperature": config["answer"]["temperature"],
        },
        partial=lambda wildcards, output: work_of_answers(output.answers),
        probes=lambda wildcards, output: f"{output.answers.split('/answer/')[0]}/.work/probe",
        beside=sets_beside,
        version=VERSIONS["answer"],
    script:
        "../workflow_scripts/answer_questions.py"


rule answer:
    """Target: every answer set of the study."""
    input:
        answer_files,
