"""Data that is translated already: drawn like native rows, paired by id, through the rules."""

import json
from collections import Counter

import pytest
import yaml
from conftest import ROOT, SMALL, checkout, planned, run_snakemake
from mix_training_set import main as mix
from mothertongue.errors import InputError
from mothertongue.files import read_json
from mothertongue.sample.rows import Row, read_rows, write_rows
from mothertongue.sample.translated import Beside, draw_translated, whose_ids
from mothertongue.study import read_study

ORIGIN = {"dataset": "d", "revision": "r"}


def rows(names, language="es", text="texto"):
    return [
        Row.pair(name, language, f"{text} {name}", f"{text} de {name}", ORIGIN) for name in names
    ]


def ids(prefix, numbers):
    return [f"{prefix}{number}" for number in numbers]


def beside(size=40, native=(), english=(), held_out=()):
    return Beside(size, frozenset(native), frozenset(english), tuple(held_out))


def drawn(pool, one, asked=None, scope="es"):
    found = draw_translated(
        {"es": pool}, {"es": one}, name="ours", asked=asked, scope=scope, seed=1
    )
    return found["es"]


def test_as_many_rows_as_native_ones_and_the_same_in_every_order():
    pool = rows(ids("x", range(100)))
    first = drawn(pool, beside())
    assert len(first.rows) == 40
    assert first.parallel_to == "none" and not first.missing
    assert drawn(pool[::-1], beside()).rows == first.rows


def test_rows_with_ids_of_native_rows_come_first_and_held_out_ones_never():
    held = rows(ids("n", range(40, 50)), text="nativo")
    pool = rows([*ids("n", range(5, 50)), *ids("x", range(60))])
    found = drawn(pool, beside(native=ids("n", range(40)), held_out=held))
    assert found.parallel_to == "native"
    assert (found.parallel, found.held_out) == (35, 10)
    marked = {row.id for row in found.rows if row.origin.get("parallel_to") == "native"}
    assert marked == set(ids("n", range(5, 40)))
    assert sorted(found.missing) == sorted(ids("n", range(5)))
    assert len(found.rows) == 40


def test_a_row_with_the_text_of_a_held_out_row_is_left_out():
    held = rows(["h1"])
    pool = [*rows(ids("x", range(40))), Row.pair("other", "es", "texto h1", "texto de h1", ORIGIN)]
    found = drawn(pool, beside(held_out=held))
    assert found.held_out == 1
    assert "other" not in {row.id for row in found.rows}


def test_rows_with_ids_of_english_rows_are_paired_with_them():
    found = drawn(rows(ids("e", range(60))), beside(english=ids("e", range(40))))
    assert found.parallel_to == "english"
    assert {row.id for row in found.rows} == set(ids("e", range(40)))


def test_ids_of_both_native_and_english_rows_have_to_be_explained():
    one = beside(native=ids("", range(40)), english=ids("", range(40)))
    pool = rows(ids("", range(40)))
    with pytest.raises(
        InputError, match=r"nobody can tell which belong together; say which in data.ours.par"
    ):
        drawn(pool, one)
    assert drawn(pool, one, "english").parallel_to == "english"
    alone = drawn(pool, one, "none")
    assert alone.parallel == 0
    assert {row.id for row in alone.rows} == set(ids("es-", range(40)))  # of other rows: renamed


def test_rows_that_should_be_parallel_and_are_not():
    with pytest.raises(
        InputError, match=r"data.ours.es: parallel_to is native, but none of its ids"
    ):
        whose_ids(rows(["a"]), beside(native=["b"]), "native", "data.ours.es")


def test_too_few_rows_say_what_to_do():
    with pytest.raises(
        InputError, match=r"40 rows are needed, as many as native ones, but there are only 30"
    ):
        drawn(rows(ids("x", range(30))), beside())
    assert len(drawn(rows(ids("x", range(199))), beside(size=200)).rows) == 199  # 1 % short


def test_two_languages_of_a_mix_may_have_the_same_ids():
    pools = {"es": rows(ids("", range(30))), "zh": rows(ids("", range(30)), "zh", "文")}
    both = {"es": beside(20), "zh": beside(20)}
    found = draw_translated(pools, both, name="ours", asked=None, scope="multi", seed=1)
    names = Counter(row.id for one in found.values() for row in one.rows)
    assert len(names) == 40


@pytest.mark.parametrize("share", [0.05, 0.2])
def test_parallel_rows_fall_on_the_side_of_their_partners(tmp_path, share):
    native = rows(ids("n", range(40)))
    found = drawn(
        rows([*ids("n", range(7, 40)), *ids("x", range(60))], text="t"),
        beside(native=ids("n", range(40))),
    )
    write_rows(tmp_path / "native.jsonl", native)
    write_rows(tmp_path / "ours.jsonl", found.rows)
    report = {"missing": [{"id": name} for name in found.missing]}
    (tmp_path / "ours.report.json").write_text(json.dumps(report))
    sides = {}
    for name in ("native", "ours"):
        files = [tmp_path / f"{name}.{half}.jsonl" for half in ("train", "validation")]
        mix(
            dataset=tmp_path / f"{name}.jsonl",
            training=files[0],
            validation=files[1],
            share=share,
            seed=1,
        )
        sides[name] = [{row.id for row in read_rows(file)} for file in files]
    for here, there in ((0, 1), (1, 0)):
        assert not sides["native"][here] & sides["ours"][there]


def test_common_rows_pass_over_sets_that_share_no_id(tmp_path):
    for name, own in (
        ("native", ids("n", range(40))),
        ("ours", ids("n", range(10, 40))),
        ("google", ids("e", range(40))),
    ):
        write_rows(tmp_path / f"{name}.jsonl", rows(own))
    files = {half: tmp_path / f"{half}.jsonl" for half in ("training", "validation")}
    others = [tmp_path / "ours.jsonl", tmp_path / "google.jsonl"]
    mix(dataset=tmp_path / "native.jsonl", **files, share=0.1, seed=1, perhaps=others)
    assert sum(len(read_rows(file)) for file in files.values()) == 30


# -- a study -------------------------------------------------------------------------------------


def study(folder, parallel=True, **data):
    """The demo with `ours`: the recorded translations of its English rows, or rows without ids."""
    memory = {}
    for line in (
        (SMALL / "resources/demo/translations/literal.en-es.jsonl").read_text().splitlines()
    ):
        one = json.loads(line)
        memory[one["source"]] = one["target"]
    found = []
    for line in (SMALL / "resources/demo/aya/en.jsonl").read_text().splitlines():
        one = json.loads(line)
        found.append({"prompt": memory[one["inputs"]], "completion": memory[one["targets"]]})
    if parallel:
        english = run_snakemake("results/sample/english/es.jsonl", "--cores", 1, cwd=folder)
        assert english.returncode == 0, english.stderr[-2000:]
        drawn_rows = read_rows(folder / "results/sample/english/es.jsonl")
        found = [
            {"id": row.id, "prompt": memory[row.instruction], "completion": memory[row.output]}
            for row in drawn_rows[20:]
        ] + found
    lines = [json.dumps(one, ensure_ascii=False) for one in found]
    (folder / "ours.jsonl").write_text("\n".join(lines), encoding="utf-8")
    config = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))
    config |= {
        "data": {"ours": {"label": "our translators", "es": "ours.jsonl", **data}},
        "conditions": [{"data": ["native", "fluent", "ours"], "scope": ["es"], "lr": ["high"]}],
    }
    (folder / "study.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return config


@pytest.mark.slow
def test_a_study_takes_translations_pairs_them_and_retrains_nothing_else(tmp_path):
    folder = checkout(tmp_path / "clone")
    config = study(folder)
    sets = [f"results/finetune/sets/{data}/es/train.jsonl" for data in ("native", "fluent", "ours")]
    done = run_snakemake(*sets, "estimate", "--cores", 2, "--configfile", "study.yaml", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    log = (folder / "logs/translate/ours_es.log").read_text()
    assert "ours.jsonl: read as prompt/completion" in log
    assert "80 have the id of an English row" in log
    report = read_json(folder / "results/translate/ours/es.report.json")
    assert (report["asked"], report["rows"], report["parallel"]) == (100, 100, {"es": 80})
    sides = {
        data: [
            {row.id for row in read_rows(folder / f"results/finetune/sets/{data}/es/{half}.jsonl")}
            for half in ("train", "validation")
        ]
        for data in ("fluent", "ours")
    }
    assert len(sides["fluent"][1] & sides["ours"][1]) >= 5
    assert not sides["fluent"][0] & sides["ours"][1]
    assert not sides["fluent"][1] & sides["ours"][0]
    costs = (folder / "results/estimate/cost.csv").read_text()
    assert ",ours," not in costs and ",fluent," in costs

    config["conditions"][0]["data"] = ["native", "fluent"]  # before anybody had translations
    config.pop("data")
    (folder / "before.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    before = planned(folder, "--configfile", "before.yaml", "--cores", 1, *sets[:2])
    assert before == {}


@pytest.mark.slow
def test_another_workflow_takes_translations_by_the_rule(tmp_path):
    (tmp_path / "Snakefile").write_text(
        f'''
module sampling:
    snakefile: "{ROOT}/rules/sample.smk"
    config: config

use rule * from sampling as s_*

module taking:
    snakefile: "{ROOT}/rules/translated.smk"
    config: config

use rule * from taking as t_*

rule all:
    default_target: True
    input: "results/translate/ours/es.jsonl"
'''
    )

    def write(name, numbers):
        lines = [
            json.dumps({"id": n, "instruction": f"¿{n}?", "output": f"{name} {n}"}) for n in numbers
        ]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines))

    write("native", range(40))
    write("ours", range(40))
    config = {
        "languages": {"es": {"native": {"path": "native.jsonl"}}},
        "sample": {"heldout": 5},
        "data": {"ours": {"es": "ours.jsonl"}},
    }
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(config))
    done = run_snakemake("--cores", 1, "--configfile", "c.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    found = {row.id for row in read_rows(tmp_path / "results/translate/ours/es.jsonl")}
    assert found == {row.id for row in read_rows(tmp_path / "results/sample/native/es.jsonl")}

    config["data"]["ours"]["fr"] = "ours.jsonl"
    (tmp_path / "c.yaml").write_text(yaml.safe_dump(config))
    done = run_snakemake("--cores", 1, "-n", "--configfile", "c.yaml", cwd=tmp_path)
    assert done.returncode and "data.ours.fr: unknown language 'fr'" in done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "ours.jsonl: no rows"),
        (
            '{"id": 1, "prompt": "a", "completion": "b"}\n{"id": 1, "prompt": "c", "completion": "d"}',
            "ours.jsonl, row 2: id '1' already stands in ours.jsonl, row 1",
        ),
    ],
)
def test_a_file_that_cannot_be_used_stops_the_run_with_one_line(tmp_path, content, told):
    folder = checkout(tmp_path / "clone")
    study(folder, parallel=False)
    (folder / "ours.jsonl").write_text(content)
    done = run_snakemake("translated", "--cores", 1, "--configfile", "study.yaml", cwd=folder)
    assert done.returncode
    assert told in (folder / "logs/translate/ours_es.log").read_text()


@pytest.mark.slow
def test_a_missing_file_is_named_before_the_first_job(tmp_path):
    folder = checkout(tmp_path / "clone")
    study(folder, parallel=False)
    (folder / "ours.jsonl").unlink()
    done = run_snakemake("translated", "--cores", 1, "-n", "--configfile", "study.yaml", cwd=folder)
    assert done.returncode
    assert "data.ours.es.path" in done.stdout + done.stderr


def test_no_translator_and_no_english_rows_are_needed(tmp_path):
    config = yaml.safe_load((SMALL / "config.yaml").read_text(encoding="utf-8"))
    config["translate"] = {}
    config["sample"] = {"heldout": 5}
    config["languages"] = {"es": {"native": {"path": "native.jsonl"}}}
    config["data"] = {"ours": {"es": "ours.jsonl"}}
    config["conditions"] = [{"data": ["native", "ours"], "scope": ["es"]}]
    config["models"]["tiny"]["build"]["languages"] = ["es"]
    config["answer"], config["judge"] = {}, {}
    for bench in config["evaluate"]["benchmarks"].values():
        bench["languages"] = ["es"]
    found = read_study(config, ROOT)
    assert not found.has_english
    assert not found.pairs_with_english("ours", "es")
    config["data"]["ours"]["parallel_to"] = "english"
    with pytest.raises(
        InputError, match=r"data.ours.parallel_to: english, but the study names no English"
    ):
        read_study(config, ROOT)
