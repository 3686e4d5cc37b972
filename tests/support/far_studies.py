"""Studies whose models and datasets are on a hub, and a stand-in hub that has them."""

import io
import json
import os
import re
import subprocess
from pathlib import Path

import polars as pl
import yaml
from conftest import ROOT, SMALL, checkout, run_snakemake
from standin_hub import Repository
from tiny_models import save_model

XQUAD = "51adfef1c1287aab1d2d91b5bead9bcfb9c68583"  # tasks/xquad.yaml


def parquet(rows: list[dict]) -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame(rows).write_parquet(buffer)
    return buffer.getvalue()


def xquad() -> Repository:
    """The demo's reading test in the layout and columns of google/xquad."""
    path = SMALL / "resources" / "demo" / "benchmarks" / "reading_native_es.json"
    rows = [
        {
            "id": qa["id"],
            "context": paragraph["context"],
            "question": qa["question"],
            "answers": {"text": [a["text"] for a in qa["answers"]], "answer_start": [0]},
        }
        for article in json.loads(path.read_text(encoding="utf-8"))["data"]
        for paragraph in article["paragraphs"]
        for qa in paragraph["qas"]
    ]
    names = {"xquad.es": rows[:4], "xquad.ru": rows[:1]}
    configs = [
        {"config_name": n, "data_files": [{"split": "validation", "path": f"{n}/validation-*"}]}
        for n in names
    ]
    card = f"---\n{yaml.safe_dump({'configs': configs})}---\n# XQuAD\n"
    files = {f"{n}/validation-00000-of-00001.parquet": parquet(r) for n, r in names.items()}
    return Repository(
        "dataset", "google/xquad", {"README.md": card.encode(), **files}, commit=XQUAD
    )


def aya() -> Repository:
    rows = [
        {"inputs": f"¿Pregunta {n}?", "targets": f"Respuesta {n}.", "language_code": "spa"}
        for n in range(8)
    ]
    content = "\n".join(json.dumps(row) for row in rows).encode()
    return Repository("dataset", "acme/aya", {"data/train.jsonl": content})


def model(folder: Path) -> Repository:
    save_model(folder)
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    files |= {"pytorch_model.bin": b"the same weights again", "README.md": b"# tiny"}
    return Repository("model", "acme/tiny", files)


STUDY = {
    "study": "far",
    "languages": {"es": {}},
    "sample": {"dataset": {"hub": "acme/aya"}},
    "models": {"tiny": {"base": "acme/tiny", "parameters": 1e5}},
    "finetune": {"quantisation": "none"},
    "conditions": [{"data": ["native"], "scope": ["es"]}],
    "evaluate": {
        "benchmarks": {
            "xquad": {
                "task": "xquad",
                "languages": ["es"],
                "origin": "human-translated",
                "kind": "generative",
                "max_new_tokens": 3,
            }
        }
    },
}


def far_study(folder: Path, study: dict) -> Path:
    checkout(folder)
    (folder / "far.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    return folder


def far_run(folder: Path, *targets: str, **environment: str) -> subprocess.CompletedProcess:
    """Snakemake with a cache of its own; no token unless one is given."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("HF_")}
    env = {**inherited, "HF_HOME": str(folder / "cache"), **environment}
    return run_snakemake(*targets, "--cores", "2", "--configfile", "far.yaml", cwd=folder, env=env)


def table_repository(name: str, tables: dict[str, dict[str, list[dict]]], commit: str = ""):
    """A dataset repository of JSON Lines: configuration -> split -> rows."""
    configs, files = [], {}
    for subset, splits in tables.items():
        places = [{"split": split, "path": f"{subset}/{split}.jsonl"} for split in splits]
        configs.append({"config_name": subset, "data_files": places})
        for split, rows in splits.items():
            files[f"{subset}/{split}.jsonl"] = "\n".join(map(json.dumps, rows)).encode()
    files["README.md"] = f"---\n{yaml.safe_dump({'configs': configs})}---\n".encode()
    return Repository("dataset", name, files, commit=commit)


def commit_in(task: str, part: str) -> str:
    metadata = yaml.safe_load(re.sub("!function", "", (ROOT / "tasks" / task).read_text()))
    metadata = metadata["metadata"]
    return (metadata["archive"] if part == "archive" else metadata["hub"][part])["revision"]
