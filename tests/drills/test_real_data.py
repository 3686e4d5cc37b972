"""The whole study on real data: real Aya rows, recorded translations, real benchmarks, a tiny base."""

import json
import math

import polars as pl
import pytest
import yaml
from conftest import ROOT, checkout, planned, run_snakemake
from json_rows import read_dataset
from mothertongue.files import read_json

pytestmark = [pytest.mark.slow, pytest.mark.data]

PAIRS = (("google", "es"), ("cohere", "ru"))


def english_pool(memory: pl.DataFrame, aya: pl.DataFrame, language: str) -> pl.DataFrame:
    """English Aya rows whose two fields the memory holds in a language."""
    recorded = memory.filter(source_language="en", target_language=language)
    texts = {
        field: set(recorded.filter(pl.col("field") == field)["source"])
        for field in ("instruction", "output")
    }
    return aya.filter(
        (pl.col("language_code") == "eng")
        & pl.col("inputs").is_in(texts["instruction"])
        & pl.col("targets").is_in(texts["output"])
    ).select("inputs", "targets")


def real_study(shared, folder) -> dict:
    data = shared / "data"
    memory = pl.read_parquet(data / "translations" / "translation_memory.parquet")
    aya = pl.read_parquet(data / "aya" / "aya_dataset.parquet")
    for language in ("es", "ru"):
        english_pool(memory, aya, language).write_ndjson(folder / f"english_{language}.jsonl")
    translators = {
        engine: {
            "backend": "recorded",
            "engine": engine,
            "memory": [str(data / "translations" / "translation_memory.parquet")],
        }
        for engine in ("google", "cohere")
    }
    demonstrations = str(folder / "tests/support" / "arithmetic_{language}.demonstrations.jsonl")
    return {
        "study": "real-data",
        "languages": {
            "es": {"english_rows": str(folder / "english_es.jsonl")},
            "ru": {"english_rows": str(folder / "english_ru.jsonl")},
            "zh": {"cap": "english"},
        },
        "sample": {
            "dataset": {"path": str(data / "aya" / "aya_dataset.parquet")},
            "duplicates": "keep",  # the released rows, as they are
            "multi": {"languages": ["es", "ru"]},
        },
        "translate": {"translators": translators},
        "models": {
            "tiny": {
                "parameters": 3e5,
                "build": {
                    "hidden_size": 64,
                    "layers": 2,
                    "heads": 2,
                    "vocabulary": 1024,
                    "context": 512,
                    "steps": 40,
                },
            }
        },
        "finetune": {
            "max_length": 192,
            "epochs": 1,
            "limit": 128,
            "seeds": [1],
            "learning_rates": {"high": 1e-3},
        },
        "conditions": [
            *({"data": ["native", engine], "scope": [language]} for engine, language in PAIRS),
            {"data": ["native", "google"], "scope": ["multi"]},
            *(
                {"data": [f"{engine}-rtt"], "scope": [language], "benchmarks": ["xquad"]}
                for engine, language in PAIRS
            ),
        ],
        "evaluate": {
            "base": False,
            "benchmarks": {
                "xquad": {
                    "task": "xquad",
                    "languages": ["es", "ru"],
                    "origin": "human-translated",
                    "kind": "generative",
                    "limit": 6,
                    "max_new_tokens": 8,
                    "dataset": {"path": str(data / "xquad" / "xquad.{language}.json")},
                },
                "mgsm": {
                    "task": "mgsm",
                    "languages": ["es", "ru"],
                    "origin": "human-translated",
                    "kind": "generative",
                    "limit": 6,
                    "shots": 1,
                    "max_new_tokens": 8,
                    "dataset": {"path": str(data / "mgsm" / "mgsm_{language}.tsv")},
                    "demonstrations": demonstrations,
                },
                "cmmlu": {
                    "task": "cmmlu",
                    "languages": ["zh"],
                    "origin": "native",
                    "kind": "structured",
                    "limit": 2,
                    "shots": 2,
                    "dataset": {"path": str(data / "cmmlu" / "test.parquet")},
                    "demonstrations": str(data / "cmmlu" / "dev.parquet"),
                },
            },
        },
    }


@pytest.fixture(scope="module")
def finished(shared, tmp_path_factory):
    folder = checkout(tmp_path_factory.mktemp("real") / "study")
    (folder / "tests").symlink_to(ROOT / "tests")
    study = real_study(shared, folder)
    (folder / "real.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    done = run_snakemake("--cores", "all", "--configfile", "real.yaml", cwd=folder)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    return folder


def rows_of(folder, name):
    return read_dataset(folder / "results" / name)


def test_native_sets_have_the_study_s_sizes(finished):
    assert len(rows_of(finished, "sample/native/es.jsonl")) == 3854
    assert len(rows_of(finished, "sample/native/ru.jsonl")) == 423
    multi = rows_of(finished, "sample/native/multi.jsonl")
    assert sorted(row["language"] for row in multi) == ["es"] * 423 + ["ru"] * 423


@pytest.fixture(scope="module")
def recorded(shared):
    """(engine, from, to, text) -> its recorded translations; the same text was sent several times."""
    memory = pl.read_parquet(shared / "data" / "translations" / "translation_memory.parquet")
    found: dict[tuple, set[str]] = {}
    for row in memory.iter_rows(named=True):
        key = (row["engine"], row["source_language"], row["target_language"], row["source"])
        found.setdefault(key, set()).add(row["target"])
    return found


def assert_replayed(recorded, engine, sources, targets, languages, report):
    """Every row is as recorded, or mended; what is no row is named in the report."""
    missing = {row["id"] for row in report["missing"]}
    assert len(missing) < 0.06 * len(sources)
    assert [r["id"] for r in targets] == [r["id"] for r in sources if r["id"] not in missing]
    texts = {row["id"]: row for row in sources}
    for target in targets:
        for field in ("instruction", "output"):
            source = texts[target["id"]]
            if not any(field in row["origin"].get("mended", ()) for row in (source, target)):
                assert target[field] in recorded[engine, *languages, source[field]]


@pytest.mark.parametrize(("engine", "language"), PAIRS)
def test_every_translated_row_is_the_recorded_text_of_its_source(
    finished, recorded, engine, language
):
    english = rows_of(finished, f"sample/english/{language}.jsonl")
    translated = rows_of(finished, f"translate/{engine}/{language}.jsonl")
    assert len(english) >= {"es": 3850, "ru": 423}[language]  # three English rows are empty
    report = read_json(finished / f"results/translate/{engine}/{language}.report.json")
    assert_replayed(recorded, engine, english, translated, ("en", language), report)


@pytest.mark.parametrize(("engine", "language"), PAIRS)
def test_round_trips_are_the_recorded_texts(finished, recorded, engine, language):
    native = rows_of(finished, f"sample/native/{language}.jsonl")
    pivot = rows_of(finished, f"roundtrip/{engine}/{language}.pivot.jsonl")
    back = rows_of(finished, f"roundtrip/{engine}/{language}.jsonl")
    out, home = (
        read_json(finished / f"results/roundtrip/{engine}/{language}{way}.report.json")
        for way in (".pivot", "")
    )
    assert_replayed(recorded, engine, native, pivot, (language, "en"), out)
    assert_replayed(recorded, engine, pivot, back, ("en", language), home)


def test_all_scores_are_finite_with_their_n(finished):
    scores = sorted(finished.glob("results/evaluate/**/*.json"))
    assert len(scores) == 2 * 2 * 2 + 2 * 5 + 2  # monolingual, multilingual, round trips
    for path in scores:
        for metric in json.loads(path.read_text(encoding="utf-8"))["metrics"].values():
            assert math.isfinite(metric["value"]), path
            assert metric["n"] > 0, path


def test_a_second_run_does_nothing(finished):
    assert planned(finished, "--configfile", "real.yaml") == {}
