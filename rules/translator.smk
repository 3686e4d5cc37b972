# What translate and roundtrip share: parameters of a translator. Holds no rules; include it freely.


include: "common.smk"


from mothertongue.translate import determining, language_facts, memory_files, operating


def determining_of(wildcards):
    """What determines the translations of {translator}: a change re-translates."""
    return determining(STUDY.translators[wildcards.translator])


def facts_of(wildcards):
    """Names, scripts and codes of the languages that the scope goes between."""
    languages = STUDY.pot if wildcards.scope == MULTI else [wildcards.scope]
    return language_facts(ROOT, config["languages"], ["en", *languages])


def operating_of(wildcards, threads):
    """Concurrency, limits, prices: Snakemake compares no parameter that asks for `threads`."""
    translator = STUDY.translators[wildcards.translator]
    return operating(translator, config["replies"], config["prices"])


def store_of(wildcards, output):
    """The study's store of replies; <results>/{stage}/{translator}/{scope}… -> <results>/.work."""
    return str(Path(output[0]).parents[2] / ".work" / "api" / "replies.sqlite")


def recorded_memory(wildcards):
    """Translation memory files there are; the script names those that are missing."""
    return memory_files(STUDY.translators[wildcards.translator])


def runs_locally(wildcards):
    """Whether {translator} is a model that runs in the job."""
    return STUDY.translators[wildcards.translator]["backend"] == "huggingface"


def translator_environment(wildcards):
    """Only a local model needs the model libraries."""
    return "../envs/seq2seq.yaml" if runs_locally(wildcards) else "../envs/data.yaml"


def translator_gpus(wildcards):
    """GPUs of a local model, by default one where there is one; a service needs none."""
    if not runs_locally(wildcards):
        return 0
    wanted = gpus_to_ask(STUDY.translators[wildcards.translator]["gpus"], local=RUNS_HERE)
    return 1 if wanted is None else wanted


def translator_memory(wildcards):
    """Host memory in MB: a local model's weights pass through it."""
    return 16000 if runs_locally(wildcards) else 2000


def translator_gpu_memory(wildcards):
    """GPU memory in MB: a model of 3 billion weights in 16 bits, and a batch of it."""
    return 12000 if translator_gpus(wildcards) else 0


# Services are called from the submitting host, which has the network; local models run in jobs.
ONLY_SERVICES = all(entry["backend"] != "huggingface" for entry in STUDY.translators.values())
