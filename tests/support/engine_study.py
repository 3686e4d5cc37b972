"""A small study of one base whose scores and answers are asked of an engine, then of another one."""

from pathlib import Path

import yaml
from conftest import checkout, run_snakemake
from harness_rows import ROWS
from mothertongue.files import write_jsonl
from tiny_models import save_model

BASE = "base/none/none/seed0"


class EngineStudy:
    """Its folder, its configuration, and its targets: scores and answers of some cells."""

    def __init__(self, folder: Path, *cells: str, finetune: dict, asked: list[str], **shape: int):
        self.folder = checkout(folder)
        save_model(self.folder / "tiny", **shape)
        write_jsonl(self.folder / "belebele.jsonl", ROWS["belebele_spa_Latn"])
        write_jsonl(
            self.folder / "aya.jsonl",
            [
                {"inputs": f"¿Qué es {n}?", "targets": f"Es {n}.", "language_code": "spa"}
                for n in range(12)
            ],
        )
        prompts = [{"id": f"q{n}", "prompt": prompt} for n, prompt in enumerate(asked)]
        write_jsonl(self.folder / "asked.jsonl", prompts)
        frame = {"source": "a test", "fields": ["instruction"], "text": "${instruction} =>"}
        (self.folder / "own.yaml").write_text(
            yaml.safe_dump({**frame, "next": "\n${instruction} =>"}), encoding="utf-8"
        )
        bench = {"languages": ["es"], "origin": "human-translated", "kind": "structured"}
        bench |= {"task": "belebele_{language}", "codes": {"es": "spa_Latn"}}
        questions = {"asked": {"origin": "native", "path": "asked.jsonl"}}
        self.config = {
            "study": "engines",
            "languages": {"es": {}},
            "sample": {"dataset": {"path": "aya.jsonl"}},
            "models": {"tiny": {"base": "tiny", "parameters": 1e5}},
            "finetune": {"template": "own.yaml", "quantisation": "none", **finetune},
            "conditions": [
                {"data": ["native"], "scope": ["es"], "lr": list(finetune["learning_rates"])}
            ],
            "evaluate": {"benchmarks": {"belebele": {**bench, "dataset": {"path": "belebele.jsonl"}}}},
            "answer": {"base": True, "max_new_tokens": 8, "questions": questions},
            "judge": {"judges": {"one": {"backend": "openai", "model": "m"}}},
        }  # fmt: skip
        self.scores = [f"results/evaluate/tiny/{cell}/belebele/es.json" for cell in cells]
        self.answers = [f"results/answer/tiny/{cell}/asked/es.jsonl" for cell in cells]

    def run(self, *arguments: str, ok: bool = True) -> str:
        """Run it as it is configured now: all targets, or those after `--`. Returns what was said."""
        path = self.folder / "study.yaml"
        path.write_text(yaml.safe_dump(self.config), encoding="utf-8")
        options = ("--cores", "1", "--configfile", "study.yaml")
        targets = () if "--" in arguments else ("--", *self.scores, *self.answers)
        done = run_snakemake(*options, *arguments, *targets, cwd=self.folder)
        assert (done.returncode == 0) == ok, done.stdout[-2000:] + done.stderr[-4000:]
        return done.stdout + done.stderr

    def ask(self, engine: str, engines: dict) -> None:
        """Let another engine make everything; by itself the change re-runs nothing."""
        self.config["evaluate"]["engine"] = self.config["answer"]["engine"] = engine
        self.config["engines"] = engines
        assert "Nothing to be done" in self.run("--dry-run")
        for one in (*self.scores, *self.answers):
            (self.folder / one).unlink()
        self.run()

    def log_of(self, target: str) -> str:
        """The log of a score or an answer set."""
        path = (self.folder / "logs").joinpath(*target.split("/")[1:])
        return path.with_suffix(".log").read_text(encoding="utf-8")
