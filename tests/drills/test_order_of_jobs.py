"""On one computer, what reads an adapter runs before the next fine-tuning, so that a base stays loaded."""

import copy
import itertools
from pathlib import Path

import pytest
import yaml
from conftest import SMALL, checkout, run_snakemake


def study() -> dict:
    """Two tiny models, two adapters each, two benchmarks; nothing is asked or judged."""
    config = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))
    model = config["models"].pop(next(iter(config["models"])))
    model["build"] |= {"hidden_size": 32, "layers": 1, "heads": 2, "steps": 4}
    for name in ("one", "two"):
        config["models"][name] = {**copy.deepcopy(model), "label": name}
    config["finetune"] |= {"epochs": 1, "limit": 16}
    config["conditions"] = [
        {"data": ["native", "literal"], "scope": ["es"], "lr": ["high"], "questions": []}
    ]
    kept = ("choice-native", "native-perplexity")
    every = config["evaluate"]["benchmarks"]
    config["evaluate"] |= {"base": False, "benchmarks": {name: every[name] for name in kept}}
    config["answer"]["questions"], config["judge"]["judges"] = {}, {}
    return config | {"study": "order"}


@pytest.mark.slow
def test_an_adapter_is_read_before_the_next_is_trained(tmp_path):
    folder = checkout(tmp_path / "study")
    (folder / "order.yaml").write_text(yaml.safe_dump(study(), allow_unicode=True))
    # one fine-tuning first: then another one and its evaluations compete for the only core
    done = run_snakemake(
        *("--cores", "1", "finetune", "evaluate", "--configfile", "order.yaml"), cwd=folder
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    results = folder / "results"

    def made(pattern: str) -> list[tuple[float, str]]:
        found = results.glob(pattern)
        return [(path.stat().st_mtime, adapter(path)) for path in found]

    def adapter(path: Path) -> str:
        return "/".join(path.relative_to(results).parts[1:3])

    trained = sorted(made("finetune/*/*/*/*/*/provenance.json"))
    read = made("evaluate/*/*/*/*/*/*/*.json")
    assert (len(trained), len(read)) == (4, 8)
    for (_, name), (following, _) in itertools.pairwise(trained):
        assert all(time < following for time, own in read if own == name)
