"""What is wrong with a translation: each kind of fault in several languages, and what is good."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from mothertongue.api.types import Reply
from mothertongue.errors import InputError
from mothertongue.translate.check import main as check_file
from mothertongue.translate.checks import SEVERITY, check
from mothertongue.translate.checks.mend import mend
from mothertongue.translate.checks.phrases import KINDS, normal, phrases

HERE = Path(__file__).parents[1] / "support"
CASES = yaml.safe_load((HERE / "translations.yaml").read_text(encoding="utf-8"))
OWN = yaml.safe_load((HERE.parents[1] / "bench" / "sentences.yaml").read_text(encoding="utf-8"))
LANGUAGES = yaml.safe_load(
    (HERE.parents[1] / "resources/languages.yaml").read_text(encoding="utf-8")
)


def seen(source, reply, source_language, target_language, **more):
    return check(
        source,
        reply if isinstance(reply, Reply) else Reply(reply),
        source_language=source_language,
        target_language=target_language,
        **more,
    )


def names(found):
    return {*found.kinds, *found.mended}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source_language", "target_language", "source", "reply", "verdict"),
    [tuple(row) for rows in CASES.values() for row in rows],
)
def test_each_kind_is_told_and_good_ones_pass(
    source_language, target_language, source, reply, verdict
):
    found = seen(source, reply, source_language, target_language)
    if verdict == "good":
        assert not names(found), found
        assert found.text == reply
    else:
        assert verdict in names(found), found


def test_the_shared_cases_are_right(shared):
    path = shared / "cases" / "translations.jsonl"
    if not path.is_file():
        pytest.skip("no ../shared/cases/translations.jsonl")
    wrong = []
    for line in path.read_bytes().split(b"\n"):
        if line.strip():
            row = json.loads(line)
            pair = row["source_language"], row["target_language"]
            kinds = names(seen(row["source"], row["reply"], *pair))
            good = not kinds if row["verdict"] == "good" else row["verdict"] in kinds
            wrong += [] if good else [(row["id"], row["verdict"], kinds)]
    assert not wrong


@pytest.mark.parametrize("target", [code for code in LANGUAGES if code != "en"])
def test_in_every_target_an_echo_is_a_hard_fault_and_a_translation_passes(target):
    """Three words and more; the other way round too."""
    for length in ("short", "long"):
        english, other = OWN["en"][length], OWN[target][length]
        echo = seen(english, english, "en", target)
        assert echo.hard and names(echo) & {"untranslated", "wrong-script"}, (target, echo)
        assert not names(seen(english, other, "en", target)), (target, length)
        back = seen(other, other, target, "en")
        assert back.hard, (target, length, back)
        assert not names(seen(other, english, target, "en")), (target, length)
    for words in ("Name three fruits.", "where do cats sleep"):
        assert seen(words, words, "en", target).hard, (target, words)


@pytest.mark.slow
@pytest.mark.parametrize("target", [code for code in LANGUAGES if code not in ("fr", "en")])
def test_french_is_seen_in_every_other_target(target):
    found = seen(OWN["en"]["long"], OWN["fr"]["long"], "en", target)
    assert found.hard and names(found) & {"wrong-language", "wrong-script"}, (target, found)


def test_mended_texts_are_what_a_reader_would_keep():
    spanish = "Los peces nadan en el mar."
    for reply in (
        f'"{spanish}"',
        f"<think>\nEasy.\n</think>\n\n{spanish}",
        f"Aquí tienes la traducción:\n\n«{spanish}»",
        f"<|im_start|>assistant\n{spanish}<|im_end|>",
        f"```\n{spanish}\n```",
        f"{spanish[:5]}\u200b{spanish[5:]}",
        f"{spanish}\n\nEspero que te sirva de ayuda.",
        f"<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>{spanish}<|return|>",
        f"Traducción:\n\n**{spanish}**",
    ):
        found = seen("Fish swim in the sea.", reply, "en", "es")
        assert found.text == spanish, (reply, found)
        assert found.mended and not found.problems, (reply, found)


def test_an_unmended_text_is_not_touched():
    for text in ("  Los peces nadan.\n\n- uno\n", "«Ser» o «no ser»", "don’t", "a\tb\r\nc"):
        assert mend("x", text, "en", "es", "Latn")[:2] == (text, ())


def test_an_error_page_or_refusal_is_worse_than_any_flagged_real_text():
    source = "How do I bake bread at home? Use 500 g of flour and {name}'s oven for 45 minutes."
    real = seen(source, "Hola.", "en", "es")
    assert len(real.kinds) >= 2 and not real.hard
    for reply in (
        None,
        " ",
        "Error 500 (Server Error)!!1",
        "Lo siento, no puedo ayudarte con eso.",
    ):
        bad = seen(source, reply, "en", "es")
        assert bad.hard and bad.severity > real.severity
    assert max(SEVERITY.values()) == SEVERITY["empty"] == SEVERITY["no-text"]
    assert SEVERITY["error-page"] > SEVERITY["refusal"] > SEVERITY["untranslated"]


def test_what_cannot_be_mended_is_hard():
    for reply in ("<think>and then", "<|im_start|>", "uno <|fim_middle|> dos <|tool|> tres"):
        assert seen("One, two, three.", reply, "en", "es").hard, reply


def test_how_a_reply_ended_is_a_soft_fault():
    good = "Los peces nadan en el mar."
    for finish, kind in (("length", "truncated"), ("content_filter", "finish")):
        found = seen("Fish swim in the sea.", Reply(good, finish), "en", "es")
        assert found.kinds == [kind] and not found.hard


def test_the_script_may_be_given_and_is_known_otherwise():
    latin = "Riba pliva u moru i jede alge svakog dana."
    assert seen("The fish swims in the sea.", latin, "en", "sr").kinds == ["wrong-script"]
    assert not seen("The fish swims in the sea.", latin, "en", "sr", script="Latn").hard


def test_all_languages_have_phrases():
    for code in LANGUAGES:
        spoken = phrases(code)
        assert all(kind in spoken._within for kind in KINDS), code
    assert normal("ÁBC  “x”") == "abc “x”"
    assert phrases("xx").within("sorry", "sorry") is False


PAIRS = [
    ("en", "es", "Where do birds sleep?", "¿Dónde duermen los pájaros?"),
    ("en", "es", "Where do birds sleep?", "Where do birds sleep?"),
    ("en", "es", "Where do birds sleep?", "<think>x</think>¿Dónde duermen los pájaros?"),
    ("en", "es", "Birds are 3 years old.", "Los pájaros tienen 5 años."),
    ("en", "zh-CN", "Where do birds sleep?", None),
]


def pairs_file(folder, rows):
    columns = ("source_language", "target_language", "source", "reply")
    path = folder / "pairs.jsonl"
    path.write_text(
        "".join(
            json.dumps({"id": i, **dict(zip(columns, row, strict=True))}, ensure_ascii=False) + "\n"
            for i, row in enumerate(rows)
        ),
        encoding="utf-8",
    )
    return path


def command(path, root):
    return subprocess.run(
        [sys.executable, "-m", "mothertongue.translate.check", str(path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=root / "workflow_scripts",
    )


@pytest.mark.slow
def test_the_command_prints_each_row_and_a_summary(tmp_path, root):
    done = command(pairs_file(tmp_path, PAIRS), root)
    rows = [json.loads(line) for line in done.stdout.split("\n") if line]
    assert done.returncode == 1, done.stderr
    assert [row["id"] for row in rows] == [0, 1, 2, 3, 4]
    assert [row["problems"] for row in rows] == [[], ["untranslated"], [], ["numbers"], ["no-text"]]
    assert [row["mended"] for row in rows] == [[], [], ["reasoning"], [], []]
    assert [row["hard"] for row in rows] == [False, True, False, False, True]
    assert rows[2]["text"] == PAIRS[0][3] and "text" not in rows[0]
    assert "5 rows: 2 with a hard fault, 1 with soft faults only" in done.stderr
    assert "untranslated 1" in done.stderr and "mended: reasoning 1" in done.stderr
    soft = command(pairs_file(tmp_path, [PAIRS[0], PAIRS[3]]), root)
    assert soft.returncode == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"source": "a"}\n', "row 1: no column source_language, target_language, reply"),
        ("{]\n", "line 1: not valid JSON"),
        (
            '{"source_language": "en", "target_language": "es", "source": "a", "reply": 3}\n',
            "row 1: 'reply' is neither text nor null",
        ),
        (
            '{"source_language": "en", "target_language": 7, "source": "a", "reply": "b"}\n',
            "row 1: 'target_language' is empty or not text",
        ),
    ],
)
def test_the_command_names_file_row_and_column(tmp_path, content, message):
    path = tmp_path / "pairs.jsonl"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"pairs\.jsonl") as caught:
        check_file(path)
    assert message in str(caught.value)


def test_the_command_takes_codes_of_other_tables(capsys, tmp_path):
    """Google's and Aya's codes, regions: the language is the same."""
    rows = [("eng", "zh-CN", "Where do birds sleep?", "Where do birds sleep?")]
    rows += [("en-US", "pt_BR", "Where do birds sleep?", "Onde dormem os pássaros?")]
    check_file(pairs_file(tmp_path, rows))
    first, second = (json.loads(line) for line in capsys.readouterr().out.split("\n") if line)
    assert first["problems"] == ["untranslated"] and first["target_language"] == "zh-CN"
    assert second["problems"] == []
