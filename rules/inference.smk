# What evaluate and answer share: resources of a model that reads and writes. Holds no rules.


include: "common.smk"


from mothertongue import resources as needs_of
from mothertongue.finetune import resources as needs_of_tuning


# Both are resources of both rules, since jobs of a group must agree on resources that are texts.
BATCH_TOKENS = str(config["evaluate"]["batch_tokens"])  # a resource: it changes no result
ANSWER_BATCH_TOKENS = str(config["answer"]["batch_tokens"])


def inference_gpus(wildcards):
    """One GPU; none where fine-tuning takes none either (tiny models, or finetune.gpus: 0)."""
    parameters = config["models"][wildcards.model]["parameters"]
    return min(1, needs_of_tuning.gpus(parameters, GPUS))


def inference_memory(wildcards, attempt):
    """Host memory in MB of one job with {model}."""
    parameters = config["models"][wildcards.model]["parameters"]
    quantisation, gpu = config["finetune"]["quantisation"], inference_gpus(wildcards)
    return needs_of.memory_mb(parameters, quantisation, attempt, gpu=gpu)


def inference_minutes(tokens):
    """Minutes of reading `tokens(wildcards)` tokens; an unfinished job goes on when tried again."""

    def minutes(wildcards, attempt):
        parameters = config["models"][wildcards.model]["parameters"]
        return needs_of.minutes(parameters, tokens(wildcards), attempt)

    return minutes
