"""What data, models and replies must not be able to do: run code, become markup, leave results."""

import ast
import json
import os
import pickle
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import browse_answers
import plot_gaps
import plot_scores
import pytest
import write_findings
from browsing import LABELS, chromium, study  # noqa: F401
from made_up import analyse
from mothertongue.errors import InputError
from mothertongue.finetune.checkpoint import NAME, load_checkpoint
from mothertongue.inference.models import load_base
from tiny_models import save_model

BAIT = [
    "</script><script>fetch('/caught')</script>",
    "<img src=/x onerror=\"fetch('/caught')\">",
    '"><svg onload="fetch(\'/caught\')">',
    "<iframe srcdoc=\"<script>fetch('/caught')</script>\">",
    "]]><script xmlns='http://www.w3.org/1999/xhtml'>fetch('/caught')</script>",
]


class Trap(ThreadingHTTPServer):
    """Serves a folder; remembers whether a script of the bait has run."""

    def __init__(self, folder):
        outer = self
        self.caught = threading.Event()

        class Handler(SimpleHTTPRequestHandler):
            def do_GET(self):
                if self.path == "/caught":
                    outer.caught.set()
                super().do_GET()

            def log_message(self, *args):
                pass

        super().__init__(("127.0.0.1", 0), partial(Handler, directory=folder))
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


def report_pages(folder, root):
    """Every page of the report, made from published scores whose labels are bait."""
    published = root / "resources" / "published"
    about = json.loads((published / "about.json").read_text(encoding="utf-8"))
    number = 0
    for section in about.values():
        for entry in section.values() if isinstance(section, dict) else ():
            if isinstance(entry, dict) and "label" in entry:
                entry["label"] += BAIT[number % len(BAIT)]
                number += 1
    assert number > 5
    (folder / "about.json").write_text(json.dumps(about), encoding="utf-8")
    given = {"scores": published / "scores.csv", "about": folder / "about.json"}
    analyse(folder, **given, items=False)
    gaps = {"gaps": folder / "gaps.csv", "correlations": folder / "correlations.csv"}
    plot_scores.main(**given, folder=folder / "scores")
    plot_gaps.main(**given, **gaps, folder=folder / "gaps")
    write_findings.main(**given, claims=folder / "claims.json", folder=folder / "findings")


@pytest.mark.slow
@pytest.mark.browser
def test_no_text_of_data_answers_replies_or_labels_becomes_markup(tmp_path, root, chromium):
    report_pages(tmp_path, root)
    baited_labels = {
        k: {c: t + BAIT[0] for c, t in v.items()} if isinstance(v, dict) else v
        for k, v in LABELS.items()
    }
    made = study(tmp_path / "browser", texts=BAIT[:2]) | {"labels": baited_labels}
    browse_answers.main(**made, browser=tmp_path / "answers.html")
    names = sorted(
        str(path.relative_to(tmp_path))
        for suffix in ("html", "svg")
        for path in tmp_path.rglob(f"*.{suffix}")
    )
    assert len(names) > 10
    with Trap(tmp_path) as trap:
        frames = "".join(f'<iframe src="/{name}"></iframe>' for name in names)
        (tmp_path / "all.html").write_text(f"<body>{frames}</body>", encoding="utf-8")
        chromium.open(f"{trap.url}/all.html")
        chromium.wait("document.readyState === 'complete'", seconds=60)
        chromium.run("return new Promise(done => setTimeout(done, 1500))")
        assert not trap.caught.is_set()
        (tmp_path / "control.html").write_text(f"<body>{BAIT[1]}</body>", encoding="utf-8")
        chromium.open(f"{trap.url}/control.html")
        assert trap.caught.wait(20)  # the bait works where a text is markup


class Payload:
    """Runs a command when unpickled."""

    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return (os.system, (self.command,))


def test_a_hostile_checkpoint_runs_nothing_and_is_started_over(tmp_path):
    (tmp_path / NAME).write_bytes(pickle.dumps(Payload(f"touch {tmp_path}/ran")))
    assert load_checkpoint(tmp_path, "wanted") is None
    assert not (tmp_path / "ran").exists()


def test_weights_that_are_a_pickle_are_not_loaded(tmp_path):
    base = save_model(tmp_path / "base")
    (base / "model.safetensors").unlink()
    (base / "pytorch_model.bin").write_bytes(pickle.dumps(Payload(f"touch {tmp_path}/ran")))
    with pytest.raises(InputError, match="no weights as safetensors"):
        load_base(str(base), quantisation="none")
    assert not (tmp_path / "ran").exists()


def calls(root):
    """Every call in the workflow's Python: (file, name, keyword arguments)."""
    for path in sorted((root / "workflow_scripts").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                keywords = {k.arg: ast.unparse(k.value) for k in node.keywords if k.arg}
                yield path.relative_to(root).as_posix(), name, keywords


@pytest.mark.slow
def test_nothing_unpickles_evaluates_or_starts_a_shell(root):
    for path, name, keywords in calls(root):
        where = f"{path}: {name}"
        assert name not in ("eval", "exec", "os.system", "os.popen", "yaml.unsafe_load"), where
        assert keywords.get("shell", "False") == "False", where
        if name == "torch.load":
            assert keywords.get("weights_only") == "True", where
        if name == "yaml.load":
            safe = (
                "_Loader",
                "getattr(yaml, 'CSafeLoader', yaml.SafeLoader)",
            )  # see evaluate/pack.py
            assert keywords.get("Loader") in safe, where
        if name in ("pickle.load", "pickle.loads"):  # own messages over a private socket
            assert path.startswith("workflow_scripts/mothertongue/preload/"), where
        if name.endswith("extractall"):
            raise AssertionError(where)
        assert keywords.get("trust_remote_code", "trust_remote_code") != "True", where


def test_code_that_comes_with_a_model_is_off_unless_asked_for(root):
    from mothertongue.files import load_yaml

    model = load_yaml(root / "config.schema.yaml")["properties"]["models"]["additionalProperties"]
    assert model["properties"]["trust_remote_code"]["default"] is False
