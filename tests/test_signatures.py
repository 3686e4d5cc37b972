"""Data travel as records: a public function takes or gives a dictionary of anything only at an edge.

An edge is where the data are JSON or YAML by nature: a parameter of a rule, a row of somebody's file, the
body of a request, a file that is written. Each is listed here with what it is.
"""

import ast

import pytest

MAKERS = {  # records to and from plain data, by the names that all records use
    *("of", "of_model", "read", "from_json", "from_params", "from_config", "as_json", "as_dict"),
    *("params", "settings", "to_json", "content", "encoding", "optimisation", "as_report", "shown"),
}
EDGES = {  # module or package -> what its dictionaries are
    "rules": "parameters of rules, which Snakemake compares as plain values",
    "study": "the study's YAML, its schema and what rules pass on",
    "api": "bodies of requests and replies, rows of the store's export",
    "hub.py": "the manifest, a JSON file",
    "scores.py": "about.json, read as records by correlate.facts",
    "collect/describe.py": "about.json while it is filled",
    "collect/rows.py": "a score file",
    "collect/every_eval.py": "score files, and the records that are written",
    "compare/readers": "JSON of other tools' logs",
    "bundle/contents.py": "the configuration of the study, as a bundle has it",
    "bundle/metadata.py": "croissant.json",
    "correlate/describe.py": "about.json before any score is known",
    "correlate/amounts.py": "provenance.json of an adapter",
    "correlate/planning.py": "rows of power.csv",
    "correlate/exchange_planning.py": "rows of the estimate's exchange.csv",
    "evaluate/data.py": "splits and documents, as lm-eval takes them",
    "evaluate/harness_task.py": "lm-eval's documents",
    "evaluate/metrics.py": "lm-eval's documents",
    "evaluate/pack.py": "YAML of a task, lm-eval's documents",
    "evaluate/paired.py": "the task's hub section",
    "evaluate/score.py": "lm-eval's samples, rows of the table of items",
    "evaluate/contamination.py": "items as rows, and the file that is written",
    "evaluate/job.py": "parameters of the rule, and the provenance of a score file",
    "answer": "rows of question sets and answers, which keep whatever keys people give them",
    "inference/finished.py": "the file of finished requests",
    "inference/generation.py": "transformers' generation settings",
    "inference/models.py": "the proof, as provenance.json has it",
    "inference/positions.py": "the rotary section of a model's config.json",
    "inference/self_test.py": "lm-eval's generation arguments",
    "inference/self_test_results.py": "a JSON file beside the results",
    "inference/templates.py": "a template as a rule's parameter",
    "prompts/template.py": "a template as a rule's parameter or YAML file",
    "finetune/checkpoint.py": "the content of a checkpoint",
    "finetune/encode.py": "a template as a rule's parameter",
    "finetune/gradients.py": "the proof, as provenance.json has it",
    "finetune/lora.py": "weights by name",
    "finetune/outputs.py": "provenance.json",
    "finetune/run.py": "provenance.json",
    "finetune/scale.py": "weights by name",
    "finetune/tracking.py": "provenance.json",
    "finetune/whole.py": "the proof, as provenance.json has it",
    "judge/__init__.py": "a judge's entry, and the two parameters of its rule",
    "judge/browser.py": "the JSON inside the page",
    "judge/chat.py": "the two parameters of the rule",
    "judge/criteria.py": "a JSON reply, and its schema",
    "judge/logprobs.py": "the server's JSON",
    "judge/pair_verdict.py": "a JSON reply",
    "judge/structured.py": "a JSON reply",
    "judge/task.py": "the JSON schema of a reply",
    "prompts/judging.py": "a judge's entry",
    "translate/__init__.py": "a translator's entry, and the parameters of its rules",
    "translate/check.py": "rows of anyone's file",
    "translate/seq2seq.py": "arguments of transformers' generate",
    "translate/settings.py": "parameters of rules",
    "evaluate/engines.py": "the words of a cell, and rows of items",
    "inference/engine.py": "arguments of lm-eval's requests",
    "inference/asked.py": "arguments of lm-eval's requests",
    "inference/server.py": "what servers answer",
    "inference/engines.py": "a model's entry, the words of a cell, and what provenance.json says of an engine",
    "inference/vllm_spec.py": "arguments of lm-eval's class and of vLLM's",
    "inference/vllm.py": "arguments of lm-eval's requests",
    "study/engines.py": "a study's configuration, and the parameters of its rules",
    "evaluate/harness.py": "lm-eval's tasks and docs",
    "evaluate/harness_score.py": "lm-eval's tasks, docs and samples",
    "sample/rows.py": "where a row comes from (origin), which every stage adds to",
    "sample/draw.py": "the report that is written",
    "sample/lists.py": "the rules of sampling, a parameter",
    "sample/source.py": "a dataset's entry, a rule's parameter",
    "estimate/services.py": "the api section of a service",
    "estimate/workload.py": "cells of the grid, counted by their wildcards",
    "report/configuration.py": "the whole configuration, which is shown",
    "report/translation_quality.py": "reports of translated sets, rows of a CSV",
    "preload": "arguments of a script, sent to another process",
}
WORDS = ("dict[str, Any]", "Mapping[str, Any]", "dict[str, object]")


def public_functions(tree):
    """Functions that others may call, with the class that they are of."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from (
                inner
                for inner in node.body
                if isinstance(inner, ast.FunctionDef)
                and (not inner.name.startswith("_") or inner.name == "__init__")
            )


def dictionaries(node):
    """Whether a signature has a dictionary of anything."""
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    annotations = [a.annotation for a in every if a.annotation] + [node.returns] * bool(
        node.returns
    )
    return any(word in ast.unparse(a) for a in annotations for word in WORDS)


@pytest.fixture(scope="module")
def found(root):
    """Functions with a dictionary in their signature: module -> names."""
    package = root / "workflow_scripts" / "mothertongue"
    made = {}
    for path in sorted(package.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = [n.name for n in public_functions(tree) if dictionaries(n) and n.name not in MAKERS]
        if names:
            made[path.relative_to(package).as_posix()] = names
    return made


def edge_of(module):
    above = (module, module.rpartition("/")[0], module.split("/")[0])
    return next((edge for edge in above if edge in EDGES), None)


def test_dictionaries_of_anything_stand_at_edges_alone(found):
    inside = {module: names for module, names in found.items() if edge_of(module) is None}
    assert not inside


def test_every_edge_is_one(found):
    assert {edge_of(module) for module in found} >= set(EDGES)
