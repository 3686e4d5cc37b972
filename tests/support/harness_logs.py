"""Logs that lm-eval itself writes: tasks from rows of files, models made here.

As a program (`python harness_logs.py FOLDER MODEL OUT`), it runs in any environment that has lm-eval, of
whichever version, through lm-eval's own command line.
"""

import json
import subprocess
import sys
from pathlib import Path

CHOICE = """task: {name}
dataset_path: json
dataset_kwargs:
  data_files: {{test: {file}}}
output_type: multiple_choice
test_split: test
fewshot_split: test
doc_to_text: "{{{{question}}}}{ending}"
doc_to_choice: choices
doc_to_target: answer
num_fewshot: {shots}
metric_list:
  - {{metric: acc, aggregation: mean, higher_is_better: true}}
  - {{metric: acc_norm, aggregation: mean, higher_is_better: true}}
metadata: {{version: {version}}}
"""
GENERATE = """task: {name}
dataset_path: json
dataset_kwargs:
  data_files: {{test: {file}}}
output_type: generate_until
test_split: test
fewshot_split: test
doc_to_text: "{{{{question}}}}"
doc_to_target: "{{{{choices[answer]}}}}"
generation_kwargs: {{until: ["\\n"], max_gen_toks: 1}}
num_fewshot: 0
metric_list:
  - {{metric: exact_match, aggregation: mean, higher_is_better: true}}
metadata: {{version: 1.0}}
"""
GROUP = "group: words\ntask: [sights, sounds]\n"
TASKS = ("sights", "sounds", "names")
WORDS = ["stone", "river", "bird", "bell", "lamp", "road", "sand", "wool", "iron", "salt"]


def rows(seed: int, count: int = 24) -> list[dict]:
    """Questions with two to four words to choose from."""
    found = []
    for number in range(count):
        kinds = 2 + (number + seed) % 3
        words = [WORDS[(number * 7 + seed + place * 3) % 10] for place in range(kinds)]
        found.append(
            {
                "question": f"Room {seed}-{number} holds a {WORDS[(number + seed) % 10]} and a",
                "choices": words,
                "answer": number % kinds,
            }
        )
    return found


def write_tasks(folder: Path, *, shots: int = 0, version: float = 1.0, ending: str = "") -> Path:
    """Three tasks and a group of two, with their rows."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, name in enumerate(TASKS):
        file = folder / f"{name}.json"
        file.write_text("\n".join(json.dumps(row) for row in rows(seed)), encoding="utf-8")
        form = GENERATE if name == "names" else CHOICE
        text = form.format(name=name, file=file, shots=shots, version=version, ending=ending)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    (folder / "group.yaml").write_text(GROUP, encoding="utf-8")
    return folder


def evaluate(
    tasks: Path, model: Path, out: Path, names: tuple[str, ...] = ("words", "names")
) -> dict:
    """lm-eval's results, in this process; its own tracker writes results and samples."""
    import lm_eval
    from lm_eval.loggers import EvaluationTracker
    from lm_eval.tasks import TaskManager

    tracker = EvaluationTracker(output_path=str(out))
    results = lm_eval.simple_evaluate(
        model="hf",
        model_args=f"pretrained={model},dtype=float32",
        tasks=list(names),
        task_manager=TaskManager(include_defaults=False, include_path=str(tasks)),
        bootstrap_iters=0,
        batch_size=8,
        device="cpu",
        log_samples=True,
        evaluation_tracker=tracker,
    )
    samples = results.pop("samples")
    tracker.save_results_aggregated(results=results, samples=samples)
    for name, own in samples.items():
        tracker.save_results_samples(task_name=name, samples=own)
    return results


def by_command(python: str, tasks: Path, model: Path, out: Path, cwd: Path) -> None:
    """The same by lm-eval's command line, in the environment of `python`."""
    words = [
        *(
            python,
            "-m",
            "lm_eval",
            "--model",
            "hf",
            "--model_args",
            f"pretrained={model},dtype=float32",
        ),
        *("--tasks", "sights,sounds,names", "--include_path", str(tasks), "--device", "cpu"),
        *("--batch_size", "8", "--log_samples", "--output_path", str(out)),
    ]
    done = subprocess.run(words, capture_output=True, text=True, cwd=cwd, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


if __name__ == "__main__":
    by_command(sys.executable, *(Path(word) for word in sys.argv[1:5]))
