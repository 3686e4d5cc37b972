"""Kill a study again and again while its services misbehave; what it makes must not show it.

By hand, the demo with 25 kills (seven minutes on two cores; some kills may come after the end)::

    python tests/drills/chaos.py --kills 25 --folder /tmp/chaos

The demo's translator and judge become API services of a stand-in server that spoils 20 % of its
calls. The study runs once undisturbed and once killed: `kill -9` of Snakemake's process group at
random moments spread over its progress, then `--unlock` and a restart. At the end both folders
hold the same files, byte for byte where no time or count of calls is written, nothing half
written, and no request was paid twice beyond those in flight at a kill.
"""

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import yaml
from conftest import SMALL, checkout
from standin import CONTENT, StandIn, invented

CONCURRENCY = 8
NAMES = {"en": "English", "es": "Spanish", "zh": "Chinese"}  # as prompts name them
KEY = "sk-canary-5d2f81"
SMALL_TARGETS = ["judge", "correlate", "translate", "roundtrip"]
# No echoes: that of a table of names passes every check, and must (tests/translate/test_translate.py has them)
WRONG = tuple(kind for kind in CONTENT if kind != "echo")
KINDS = ("429", "429-after", "500", "503", "drop", "cut-json", "empty-body", *WRONG)
LONG_ENOUGH = 120  # characters: the language of shorter texts cannot always be told
SAME = (  # what must be equal byte for byte; the rest tells times, calls or money
    "sample/**/*.jsonl",
    "translate/**/*.jsonl",
    "roundtrip/**/*.jsonl",
    "finetune/sets/**/*.jsonl",
    "finetune/**/adapter_model.safetensors",
    "finetune/**/model.safetensors",
    "evaluate/**/*.items.parquet",
    "answer/**/*.jsonl",
    "judge/**/*.jsonl",
    "scores.csv",
    "correlate/**/*.csv",
)


def recorded() -> dict[str, str]:
    """The demo's recorded translations: what the stand-in answers to `asked_for` texts."""
    memory: dict[str, str] = {}
    for path in sorted((SMALL / "resources" / "demo" / "translations").glob("fluent.*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            into = NAMES[row["target_language"]]
            memory.setdefault(f"{into}: {row['source'].strip()}", row["target"].strip())
    return memory


class Services(StandIn):
    """A translator and a judge; `faults` may be set at any time.

    Content goes wrong for `sound` texts only, whose right reply passes its checks: any other is
    quarantined with the best of its replies, and which is best would hang on the faults.
    """

    def __init__(self, seed: int):
        super().__init__(self.reply, kinds=KINDS, seed=seed)
        self.memory = recorded()
        self.sound: set[str] = set()

    def fault(self, text: str) -> str | None:
        """What goes wrong with a call, if anything."""
        kind = super().fault(text)
        if kind in WRONG and (text not in self.sound or len(text) < LONG_ENOUGH):
            return None
        return kind

    def asked_for(self, text: str, instruction: str) -> str:
        """One text may be asked for in two languages, which the prompt of translators names."""
        into = re.search(r"translate from .+? to (.+?)\.", instruction)
        return f"{into[1]}: {text.strip()}" if into else text

    def reply(self, text: str) -> str:
        if "[Response]" in text:  # the judge's prompt
            return f"Fine. Rating: [[{1 + len(text) % 5}]]"
        return self.memory.get(text) or invented(text.partition(": ")[2])


def api_study(url: str) -> dict:
    """The demo with an API translator and judge in place of the recorded and offline ones."""
    study = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))
    api = {"concurrency": CONCURRENCY, "backoff": 0.05, "retries": 20, "check_retries": 5}
    api |= {"timeout": 20}
    chat = {"backend": "openai", "model": "stand-in", "base_url": f"{url}/v1", "api": api}
    study["translate"] = {"translators": {"fluent": {"label": "fluent", **chat}}}
    study["translate"]["max_quarantined"] = 1.0  # the recorded texts are what they are
    study["judge"] = {"judges": {"judge": {**chat, "reply": "brackets"}}}
    for entry in study["conditions"]:
        entry["data"] = [name for name in entry["data"] if "literal" not in name]
    return study


def small_study(url: str) -> dict:
    """One language, two adapters: every stage, in a minute."""
    study = api_study(url)
    study["languages"] = {"es": {}}
    study["sample"]["multi"]["languages"] = ["es"]
    shape = {"hidden_size": 32, "layers": 2, "heads": 2, "vocabulary": 600, "steps": 20}
    study["models"]["tiny"]["build"].update(shape, languages=["es"])
    study["finetune"].update(epochs=1, limit=24, checkpoint_minutes=0)
    study["conditions"] = [{"data": ["fluent", "fluent-rtt"], "scope": ["es"], "lr": ["high"]}]
    benchmark = study["evaluate"]["benchmarks"]["choice-native"]
    benchmark.update(languages=["es"], limit=6)
    study["evaluate"] = {"base": False, "benchmarks": {"choice-native": benchmark}}
    study["answer"]["max_new_tokens"] = 4
    questions = study["answer"]["questions"]["native"]
    study["answer"]["questions"] = {"native": {**questions, "limit": 3}}
    return study


class Run:
    """A study in a folder of its own."""

    def __init__(self, folder: Path, study: dict, targets: list[str], cores: int = 2):
        checkout(folder)
        (folder / "study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
        self.folder, self.cores, self.targets = folder, cores, targets
        self.log = folder / "run.log"

    @property
    def results(self) -> Path:
        return self.folder / "results"

    def command(self, *arguments: str) -> list[str]:
        start = [sys.executable, "-m", "snakemake", "--configfile", "study.yaml"]
        return [
            *start,
            "--cores",
            str(self.cores),
            "--quiet",
            "all",
            *arguments,
            "--",
            *self.targets,
        ]

    def start(self) -> subprocess.Popen:
        """Start in a process group of its own, as a terminal does."""
        environment = os.environ | {"OPENAI_API_KEY": KEY, "OMP_NUM_THREADS": "1"}
        with self.log.open("ab") as log:
            return subprocess.Popen(
                self.command(),
                cwd=self.folder,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
            )

    def unlock(self) -> None:
        command = self.command("--unlock")
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def files(self) -> set[str]:
        """Everything under results but the store of replies, and what is noted of a base by its path."""
        found = os.walk(self.results)  # passes over folders that vanish meanwhile
        paths = (Path(folder) / name for folder, _, names in found for name in names)
        names = {str(path.relative_to(self.results)) for path in paths}
        return {name for name in names if not name.startswith((".work/api/", ".work/probe/"))}

    def told(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-3000:]


def finish(run: Run) -> float:
    """Run to the end; returns seconds."""
    started = time.monotonic()
    assert run.start().wait() == 0, run.told()
    return time.monotonic() - started


def kill(process: subprocess.Popen) -> None:
    """What a power cut does to everything that Snakemake started."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def torment(run: Run, wanted: set[str], kills: int, chance: random.Random) -> list[str]:
    """Kill at random moments spread over the progress; returns what was being made each time."""
    moments = []
    for number in range(kills):
        share = (number + chance.random()) / (kills + 0.5)
        process = run.start()
        while process.poll() is None:
            if len(run.files() & wanted) >= share * len(wanted):
                break
            time.sleep(0.05)
        time.sleep(chance.uniform(0.0, 2.5))
        if process.poll() is None:
            before = run.files()
            kill(process)
            moments.append(f"{len(before & wanted)}/{len(wanted)}")
            run.unlock()
        elif process.returncode != 0:
            raise AssertionError(run.told())
    finish(run)
    return moments


def differences(calm: Run, rough: Run) -> list[str]:
    """Files that one run has and the other has not, and files that are not the same."""
    told = [f"only undisturbed: {name}" for name in sorted(calm.files() - rough.files())]
    told += [f"only killed: {name}" for name in sorted(rough.files() - calm.files())]
    compared = 0
    for pattern in SAME:
        for path in sorted(calm.results.glob(pattern)):
            other = rough.results / path.relative_to(calm.results)
            compared += 1
            if other.is_file() and other.read_bytes() != path.read_bytes():
                told.append(f"differs: {path.relative_to(calm.results)}")
    assert compared > 10, "nothing to compare"
    return told


def keys_found(folder: Path) -> list[str]:
    """Files that hold the API key."""
    every = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return [str(path.relative_to(folder)) for path in every if KEY.encode() in path.read_bytes()]


def chaos(
    folder: Path, *, small: bool, kills: int, seed: int = 1, faults: float = 0.2
) -> tuple[dict, Run, set[str]]:
    """Run undisturbed and killed.

    Returns the figures (see `main`), the undisturbed run, and the texts that were asked once in it.
    """
    targets = SMALL_TARGETS if small else ["all"]
    with Services(seed) as services:
        study = (small_study if small else api_study)(services.url)
        calm = Run(folder / "calm", study, targets)
        seconds = finish(calm)
        asked = services.billed.copy()
        services.billed.clear()
        services.sound = {text for text, times in asked.items() if times == 1}
        services.faults = faults
        rough = Run(folder / "rough", study, targets)
        started = time.monotonic()
        moments = torment(rough, calm.files(), kills, random.Random(seed))
        figures = {
            "kills": len(moments),
            "at": moments,
            "seconds_undisturbed": round(seconds),
            "seconds_killed": round(time.monotonic() - started),
            "faults": dict(services.given),
            "requests": asked.total(),
            "answered": services.billed.total(),
            # not those that are quarantined: a later run asks them anew
            "paid_twice": sum(n - 1 for t, n in services.billed.items() if asked[t] == 1),
            "in_flight_at_most": len(moments) * CONCURRENCY * 2,
            "differences": differences(calm, rough),
            "key_found_in": keys_found(folder),
        }
        return figures, calm, services.sound


def main() -> None:
    """Run from the command line and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--kills", type=int, default=25)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--small", action="store_true", help="the cut-down study of the tests")
    given = parser.parse_args()
    figures, *_ = chaos(given.folder, small=given.small, kills=given.kills, seed=given.seed)
    print(json.dumps(figures, indent=2))
    bad = figures["differences"] or figures["key_found_in"]
    sys.exit(bool(bad) or figures["paid_twice"] > figures["in_flight_at_most"])


if __name__ == "__main__":
    main()
