"""The configuration: every mistake at once and in plain words; the grid: the paper's own counts."""

import copy
import re

import pytest
import yaml
from conftest import SMALL, checkout, planned, run_snakemake
from mothertongue.errors import InputError
from mothertongue.files import load_yaml
from mothertongue.study import Study, read_study
from mothertongue.study.schema import complete


def demo(root) -> dict:
    return yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))


def mistakes(config: dict, root) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_study(config, root)
    lines = str(caught.value).splitlines()
    assert lines[0].startswith(f"{len(lines) - 1} mistake")
    return [line.removeprefix("  - ") for line in lines[1:]]


def paper(root) -> Study:
    return read_study(load_yaml(root / "studies" / "paper.yaml"), root)


def test_a_study_is_records_that_agree_with_its_yaml(root):
    """Every field of a record is the entry's own value; as a mapping a record is the entry."""
    import dataclasses

    from mothertongue.study.records import Build, Dataset, Entry
    from mothertongue.study.tested import Draw

    for name in ("config.yaml", "studies/paper.yaml"):
        study = read_study(load_yaml(root / name), root)
        config = study.config
        for records, entries in (
            (study.models, config["models"]),
            (study.translators, config["translate"]["translators"]),
            (study.benchmarks, config["evaluate"]["benchmarks"]),
            (study.questions, config["answer"]["questions"]),
            (study.judges, config["judge"]["judges"]),
        ):
            assert list(records) == list(entries)
            for key, record in records.items():
                assert isinstance(record, Entry)
                assert record.name == key
                assert {**record} == entries[key]
                for field in dataclasses.fields(record):
                    value = getattr(record, field.name)
                    if field.name in entries[key] and not isinstance(value, Build | Dataset | Draw):
                        given = entries[key][field.name]
                        assert (tuple(given) if isinstance(given, list) else given) == value
                with pytest.raises(dataclasses.FrozenInstanceError):
                    record.label = "another"
        assert {code: one.label for code, one in study.languages.items()} == {
            code: entry["name"] for code, entry in config["languages"].items()
        }


def test_paper_grid_has_the_counts_of_the_paper(root):
    study = paper(root)
    assert len(study.conditions) == len(set(study.conditions)) == 224
    assert len(study.evaluations) == len(set(study.evaluations)) == 1376
    assert len(study.answers) == len(set(study.answers)) == 288
    assert len(study.judgements) == 576


def test_monolingual_adapters_meet_only_their_language(root):
    for cell in paper(root).evaluations:
        assert cell.condition.scope in ("multi", cell.language)


def test_base_models_are_evaluated_on_everything_when_asked(root):
    config = load_yaml(root / "studies" / "paper.yaml")
    config["evaluate"]["base"] = True
    cells = [c for c in read_study(config, root).evaluations if c.condition.data == "base"]
    assert len(cells) == 8 * 14
    assert {c.condition.path for c in cells} == {
        f"{model}/base/none/none/seed0" for model in config["models"]
    }


def test_seeds_multiply_adapters(root):
    config = demo(root)
    once = len(read_study(config, root).conditions)
    config["finetune"]["seeds"] = [1, 2, 3]
    assert len(read_study(config, root).conditions) == 3 * once


def test_all_mistakes_are_told_at_once(root):
    config = demo(root)
    config["finetun"] = {}
    config["finetune"]["quantisation"] = "int9"
    config["finetune"]["learning_rates"]["high"] = "fast"
    config["conditions"][0]["data"] = ["natve"]
    config["languages"]["xx"] = None
    config["models"]["tiny"]["parameters"] = -3
    del config["sample"]["dataset"]
    found = "\n".join(mistakes(config, root))
    for expected in (
        r"^finetun: unknown key; did you mean 'finetune'\?$",
        r"^finetune\.quantisation: 'int9' is not one of auto, int8, nf4, none; did you mean 'int8'\?$",
        r"^finetune\.learning_rates\.high: expected a number, found 'fast'",
        r"^conditions\[0\]\.data\[0\]: unknown data 'natve'; did you mean 'native'\?$",
        r"^languages\.xx: not in resources/languages\.yaml",
        r"^models\.tiny\.parameters: -3(\.0)? must be greater than 0",
        r"^sample\.dataset: missing",
    ):
        assert re.search(expected, found, flags=re.MULTILINE), f"{expected}\nnot in\n{found}"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            lambda c: c["conditions"][0].update(scope=["fr"]),
            "conditions[0].scope[0]: unknown scope",
        ),
        (lambda c: c["conditions"][0].update(lr=["hi"]), "did you mean 'high'?"),
        (lambda c: c["conditions"][0].update(benchmarks=["choice"]), "unknown benchmark 'choice'"),
        (lambda c: c["conditions"][0].update(questions=["nativ"]), "did you mean 'native'?"),
        (lambda c: c["conditions"][0].update(models=["large"]), "unknown model 'large'"),
        (lambda c: c["conditions"][2].update(data=["gogle-rtt"]), "translator of a round trip"),
        (lambda c: c["sample"].update(heldout=0), "needs held-out rows"),
        (
            lambda c: (c["judge"].update(judges={}), c["answer"].update(fidelity=False)),
            "no judge is configured",
        ),
        (
            lambda c: c["judge"]["judges"]["overlap"].update(backend="overlp"),
            "did you mean 'overlap'",
        ),
        (
            lambda c: c["translate"]["translators"]["fluent"].update(backend="recoded"),
            "did you mean 'recorded'",
        ),
        (lambda c: c["translate"]["translators"]["fluent"].pop("memory"), "fluent.memory: missing"),
        (
            lambda c: c["evaluate"]["benchmarks"]["choice-native"].update(task="mmlu-es"),
            "unknown task",
        ),
        (
            lambda c: c["models"].update({"Tiny/2": c["models"]["tiny"]}),
            "'Tiny/2' is not a short name",
        ),
        (lambda c: c["models"]["tiny"].update(base="x"), "only one of base and build"),
        (lambda c: c["finetune"].update(seeds=[1, 1]), "listed more than once: 1"),
        (lambda c: c.update(conditions=[]), "conditions: must not be empty"),
    ],
)
def test_each_mistake_names_its_key(root, change, expected):
    config = demo(root)
    change(config)
    assert any(expected in line for line in mistakes(config, root))


def test_numbers_given_as_text_are_numbers(root):
    config = demo(root)
    config["finetune"]["learning_rates"] = {"high": "1e-3", "low": "1.0e-05"}
    config["finetune"]["epochs"] = "3"
    config["evaluate"]["base"] = "true"
    config["sample"]["multi"]["rows"] = "40"
    study = read_study(config, root)
    assert study.learning_rates == {"high": 1e-3, "low": 1e-5}
    assert study.config == read_study(demo(root), root).config


@pytest.mark.parametrize(("word", "found"), [("false", False), ("True", True), ("auto", "auto")])
def test_a_switch_of_the_command_line_is_read_beside_other_words(root, word, found):
    """Snakemake hands over the text of `--config 'bundle={text: false}'`."""
    assert read_study({**demo(root), "bundle": {"text": word}}, root).config["bundle"] == {
        "text": found
    }


def reordered(value):
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(value)}
    return [reordered(item) for item in value] if isinstance(value, list) else value


def test_key_order_and_number_types_do_not_matter(root):
    config = demo(root)
    other = reordered(copy.deepcopy(config))
    other["finetune"]["validation"] = "0.1"
    other["finetune"]["lora"] = {"alpha": 16}
    a, b = read_study(config, root).config, read_study(other, root).config
    assert repr(a) == repr(b)


def defaults(schema, path=""):
    for key, sub in schema.get("properties", {}).items():
        if "default" in sub:
            yield f"{path}{key}", sub
        yield from defaults(sub, f"{path}{key}.")


def test_every_default_satisfies_its_own_schema(root):
    from jsonschema import Draft202012Validator

    schema = load_yaml(root / "config.schema.yaml")
    Draft202012Validator.check_schema(schema)
    for path, sub in defaults(schema):
        value = complete(sub["default"], sub, schema)
        errors = list(Draft202012Validator({**sub, "$defs": schema["$defs"]}).iter_errors(value))
        assert not errors, f"{path}: {errors[0].message}"


@pytest.mark.slow
def test_a_dry_run_of_the_paper_s_study_plans_its_jobs(root, tmp_path):
    folder = checkout(tmp_path / "study")
    jobs = planned(folder, "--configfile", "studies/paper.yaml")
    assert jobs["finetune_lora"] == 224
    assert jobs["evaluate_benchmark"] == 1376
    assert jobs["answer_questions"] == 288
    assert jobs["judge_answers"] == 576


@pytest.mark.slow
def test_a_dry_run_of_the_small_study_plans_its_jobs_offline(root, tmp_path):
    folder = checkout(tmp_path / "study")
    jobs = planned(folder, "--configfile", "studies/small.yaml")
    assert jobs["finetune_lora"] == 27  # three models, native and two translators, three languages
    assert jobs["translate_texts"] == 6
    assert jobs["judge_answers"] == 18


def merged(below, above):
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    return {**below, **{key: merged(below.get(key), value) for key, value in above.items()}}


def test_what_the_page_on_own_studies_shows_can_be_pasted_into_the_demo(root):
    text = (root / "docs" / "own-study.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)
    assert len(blocks) >= 6
    for block in blocks:
        shown = yaml.safe_load(block)
        config = merged(demo(root), shown)
        if "dataset" in shown.get("sample", {}):
            config["sample"]["dataset"] = shown["sample"]["dataset"]
        read_study(config, root)


@pytest.mark.slow
def test_a_broken_configuration_ends_before_planning_in_plain_lines(root, tmp_path):
    folder = checkout(tmp_path / "study")
    config = demo(root)
    config["finetune"]["epochs"] = "many"
    config["evaluate"]["benchmarks"]["choice-native"]["task"] = "multiple-choise"
    (folder / "broken.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    done = run_snakemake("--cores", "1", "--configfile", "broken.yaml", cwd=folder)
    assert done.returncode != 0
    assert "finetune.epochs: expected a whole number, found 'many'" in done.stderr
    assert "did you mean 'multiple-choice'?" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "results").exists()


def test_a_study_without_a_name_is_not_completed_from_the_demo(root):
    config = demo(root)
    del config["study"]
    with pytest.raises(InputError, match=r"study: missing in mine.yaml; give the .* The demo"):
        read_study(config, root, ["mine.yaml"])


@pytest.mark.slow
def test_the_demo_runs_alone_and_with_changes_and_completes_no_study(root, tmp_path):
    folder = checkout(tmp_path / "study")
    (folder / "mine.yaml").write_text("finetune: {epochs: 1}\n", encoding="utf-8")
    done = run_snakemake("--dry-run", "--quiet", "rules", "--configfile", "mine.yaml", cwd=folder)
    assert done.returncode != 0
    told = done.stdout + done.stderr  # a dry run tells on standard output
    assert "mine.yaml; give the study a name (study: my-study). The demo runs" in told
    assert "Traceback" not in told
    for changes in ((), ("--configfile", "config.yaml", "mine.yaml")):
        assert planned(folder, *changes)["finetune_lora"] > 3
    assert planned(folder, "--config", "finetune={epochs: 1}")["finetune_lora"] > 3
