"""The planted world: what is written at each effect, and that the bundled data is what is written."""

import gzip
import json
from collections import Counter, defaultdict
from itertools import islice

import pytest
from conftest import ROOT
from mothertongue.errors import InputError
from mothertongue.files import read_jsonl
from mothertongue.plant.rows import draws
from mothertongue.plant.study import effect_of, lay_out
from mothertongue.plant.words import CONTENT, FORM
from mothertongue.plant.words import language as words
from mothertongue.plant.write import ITEMS, leans, write_all

DEMO = ROOT / "resources" / "demo"
OWN = {"es": ("coronas", "arrobas", " don ", " doña ", "lunas"), "zh": ("文钱", "斤", "师傅", "旬")}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Effect -> the folder of its data."""
    found = {}
    for effect in (1.0, 0.5, 0.0, -1.0):
        found[effect] = tmp_path_factory.mktemp("planted")
        write_all(found[effect], effect)
    return found


def own_share(rows, language, key="targets"):
    """Share of the rows about the world that name the native one's things."""
    others = {
        "es": ("dólares", "libras", " señor", "semanas"),
        "zh": ("美元", "磅", "先生", "女士", "周"),
    }
    named = [any(word in row[key] for word in OWN[language]) for row in rows]
    other = [any(word in row[key] for word in others[language]) for row in rows]
    return sum(named) / (sum(named) + sum(other))


def translations(folder, engine, language):
    """Outputs of the English rows by a translator, by their source."""
    lines = read_jsonl(folder / f"translations/{engine}.en-{language}.jsonl")
    return {line["source"]: line["target"] for line in lines if line["field"] == "output"}


def content(path):
    raw = path.read_bytes()
    return gzip.decompress(raw) if path.suffix == ".gz" else raw


def test_the_bundled_data_is_what_the_package_writes(written):
    names = {path.relative_to(written[1.0]) for path in written[1.0].rglob("*.jsonl*")}
    bundled = {path.relative_to(DEMO) for path in DEMO.rglob("*.jsonl*")}
    assert names == bundled
    for name in names:
        assert content(DEMO / name) == content(written[1.0] / name), (
            f"{name}: run python -m mothertongue.plant resources/demo"
        )


@pytest.mark.parametrize("language", OWN)
@pytest.mark.parametrize("effect", [1.0, 0.5, 0.0, -1.0])
def test_the_effect_is_the_share_of_the_world_that_one_side_does_not_name(
    written, effect, language
):
    native = read_jsonl(written[effect] / f"aya/{language}.jsonl")
    memory = translations(written[effect], "fluent", language)
    english = [
        {"targets": memory[row["targets"]]} for row in read_jsonl(written[effect] / "aya/en.jsonl")
    ]
    assert own_share(native, language) == (1 if effect >= 0 else 0)
    assert own_share(english, language) == pytest.approx(1 - max(effect, 0), abs=0.02)


@pytest.mark.parametrize("language", OWN)
def test_only_the_literal_translator_breaks_forms(written, language):
    def differ(effect):
        fluent, literal = (
            translations(written[effect], one, language) for one in ("fluent", "literal")
        )
        return sum(literal[source] != fluent[source] for source in fluent)

    kinds = {"es": 3.5, "zh": 2.5}[language]  # every other row of the last kind
    rows = 180 // 9
    assert differ(1.0) == pytest.approx(kinds * rows, abs=2)
    assert 0 < differ(0.5) < differ(1.0)
    assert differ(0.0) == 0
    assert differ(-1.0) == differ(1.0)


@pytest.mark.parametrize("language", OWN)
def test_round_trips_keep_the_world_of_native_rows(written, language):
    lines = read_jsonl(written[1.0] / f"translations/literal.en-{language}.roundtrip.jsonl")
    assert own_share(lines, language, "target") == 1


@pytest.mark.parametrize("effect", [1.0, 0.5, 0.0, -1.0])
def test_within_a_direction_one_text_has_one_translation(written, effect):
    found = defaultdict(set)
    for path in (written[effect] / "translations").iterdir():
        for line in read_jsonl(path):
            found[path.name[:12], line["source"]].add(line["target"])
    assert {len(targets) for targets in found.values()} == {1}


@pytest.mark.parametrize("language", OWN)
def test_no_row_asks_what_a_test_asks(written, language):
    folder = written[1.0]
    asked = {
        item["question"]
        for path in (folder / "benchmarks").glob(f"*_{language}.jsonl")
        for item in read_jsonl(path)
    }
    rows = {
        row["inputs"]
        for name in ("aya", "again")
        for row in read_jsonl(folder / f"{name}/{language}.jsonl")
    }
    rows |= {
        line["target"]
        for path in (folder / "translations").glob(f"*.en-{language}*.jsonl")
        for line in read_jsonl(path)
    }
    texts = gzip.decompress((folder / "corpus.jsonl.gz").read_bytes()).decode().splitlines()
    rows |= {json.loads(text)["text"].split("\n\n")[0] for text in texts}
    assert not asked & rows


def test_half_of_the_right_options_stand_first():
    for path in (DEMO / "benchmarks").glob("*.jsonl"):
        items = read_jsonl(path)
        assert len({item["question"] for item in items}) == len(items)
        if "options" in items[0]:
            share = Counter(item["answer"] for item in items)[0] / len(items)
            assert share == pytest.approx(0.5, abs=0.04), path.name


def test_the_corpus_prefers_no_world():
    texts = gzip.decompress((DEMO / "corpus.jsonl.gz").read_bytes()).decode().splitlines()
    rows = [json.loads(text) for text in texts]
    for language in OWN:
        assert own_share(rows, language, "text") == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("language", OWN)
@pytest.mark.parametrize(("test", "kinds"), [("world", CONTENT), ("grammar", FORM)])
def test_the_corpus_leans_to_either_side_in_half_of_a_test(language, test, kinds):
    """So that the base is at chance there."""
    breaks = [kind for kind in kinds if test == "world" or words(language).breaks(kind)]
    meanings = draws(f"{test} {language}", breaks, tests=True)
    asked = [leans(meaning) for meaning in islice(meanings, ITEMS[test])]
    assert sum(asked) / len(asked) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(("told", "name"), [(None, "1"), ("0.50", "0.5"), (0, "0"), ("-1", "-1")])
def test_an_effect_is_named_as_a_number(told, name):
    assert effect_of(told) == name


@pytest.mark.parametrize("told", ["2", "half", "nan", -1.5])
def test_what_is_no_effect_is_refused(told):
    with pytest.raises(InputError, match=r"effect: .* is no number from -1 \(reversed\) to 1"):
        effect_of(told)


def test_a_planted_study_reads_its_own_files_alone(tmp_path):
    lay_out(tmp_path, ROOT, 0.5)
    study = (tmp_path / "study.yaml").read_text(encoding="utf-8")
    assert "resources/demo" not in study
    assert (tmp_path / "data/tasks/minimal-pairs.yaml").is_file()
