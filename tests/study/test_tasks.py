"""The target `tasks`: what every benchmark of a study is, by Snakemake, with the prompt of one item."""

import pytest
import show_tasks
from conftest import ROOT, checkout, run_snakemake
from mothertongue.files import load_yaml
from mothertongue.study import read_study


def section(text: str, name: str) -> str:
    return text.partition(f"({name})\n")[2].partition("\n\n" + "(")[0]


@pytest.mark.slow
def test_the_demos_benchmarks_with_the_prompt_that_the_model_sees(tmp_path):
    folder = checkout(tmp_path / "demo")
    done = run_snakemake("tasks", "--cores", "1", "--quiet", "all", cwd=folder)
    assert done.returncode == 0, done.stderr
    choice = section(done.stdout, "choice-native")
    for line in (
        "source            resources/demo/benchmarks/choice_native_{language}.test.jsonl",
        "origin            native, structured",
        "metric            acc",
        "chance level      25 %",
        "what is scored    the likeliest of ' A' | ' B' | ' C' | ' D'",
    ):
        assert line in choice
    assert choice.count("\nRespuesta:") >= 3  # two demonstrations and the item
    reading = section(done.stdout, "reading-translated")
    assert "greedy text of at most 32 tokens, up to '\\n'" in reading
    assert "snakemake --cores 1 sample" in section(done.stdout, "native-perplexity")
    assert not (folder / "results").exists()  # it makes nothing


def test_the_papers_benchmarks_say_what_differs_from_lm_eval(tmp_path, capsys):
    study = read_study(load_yaml(ROOT / "studies" / "paper.yaml"), ROOT)
    show_tasks.main(
        study=study, tasks=ROOT / "tasks", results=tmp_path, lock=tmp_path / "manifest.json"
    )
    text = capsys.readouterr().out
    assert "XQuAD (xquad)" in text and "CC BY-NC-SA 4.0" in text and "Tables 16 and 17" in text
    for words in (
        "character for character",
        "prompts differ",
        "- demonstrations are the first five",
    ):
        assert words in text
    assert text.count("cannot be shown") == 7  # no hub here; each says so in a line
