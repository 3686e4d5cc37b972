"""Input functions and params of the rules, called as Snakemake calls them, without running it."""

import inspect

import pytest
from conftest import ROOT, SMALL
from mothertongue.errors import InputError
from mothertongue.rules import correlate, estimate, evaluate, finetune, judge, report, sample
from mothertongue.rules.answer import Answering
from mothertongue.rules.correlate import Correlating
from mothertongue.rules.engines import InVllm, Served, reading
from mothertongue.rules.estimate import Estimating, store_beside_export
from mothertongue.rules.evaluate import Evaluating
from mothertongue.rules.finetune import Finetuning
from mothertongue.rules.judge import Judging
from mothertongue.rules.models import Models
from mothertongue.rules.report import Reporting
from mothertongue.rules.sample import Sampling
from mothertongue.rules.translate import Translating
from mothertongue.study import MULTI
from mothertongue.study.inference_jobs import Tokens
from planned import Refused, plan, w
from snakemake.iocontainers import InputFiles, OutputFiles

CELL = {"model": "tiny", "data": "native", "scope": "es", "lr": "high", "seed": "1"}
PATH = "tiny/native/es/high/seed1"


def output(**paths) -> OutputFiles:
    return OutputFiles(fromdict=paths)


# -- the names decide what Snakemake passes and compares ----------------------------------------

PASSED = {"wildcards", "input", "output", "threads", "resources", "attempt"}
CLASSES = [Answering, Estimating, Evaluating, Finetuning, Judging, Models, Sampling, Translating]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_functions_ask_for_what_snakemake_has(kind):
    for name, function in inspect.getmembers(kind, inspect.isfunction):
        asked = list(inspect.signature(function).parameters)[1:]
        if asked[:1] == ["wildcards"] and not name.startswith("_"):
            assert set(asked) <= PASSED, name


NOT_COMPARED = [
    *(Answering.lock, Answering.partial, Answering.probes, Answering.beside),
    *(Judging.calling, Judging.calling_one, Translating.operating, Translating.store),
    *(Models.entry, Finetuning.work, Evaluating.files, Evaluating.chunks),
    *(Estimating.store, Reporting.store, store_beside_export, Translating.measured),
]


@pytest.mark.parametrize("function", NOT_COMPARED, ids=lambda function: function.__qualname__)
def test_what_changes_no_result_is_not_compared(function):
    assert set(inspect.signature(function).parameters) & {"input", "output", "threads"}


# -- stages --------------------------------------------------------------------------------------


def test_sample(tmp_path, monkeypatch):
    monkeypatch.chdir(SMALL)
    sampling = Sampling(plan(tmp_path))
    files = [f"resources/demo/aya/{language}.jsonl" for language in ("en", "es", "zh")]
    assert sampling.data(w(language="es")) == sampling.english_data(w(scope="es")) == files
    assert "<results>/sample/native/multi.jsonl" in sampling.samples()
    assert sampling.pot() == [f"<results>/sample/native/{code}.jsonl" for code in ("es", "zh")]
    assert list(sampling.row_rules) == ["empty", "duplicates", "max_characters"]
    assert sampling.row_lists(w(scope=MULTI)) == {}
    assert "lock" not in sampling.shared  # local files need none
    assert sampling.rows_of(w(language="es"))["code"] == "spa"
    assert sampling.english_beside(w(language="es")) == sampling.english


def test_sample_from_lists_and_the_hub(tmp_path):
    rows = tmp_path / "rows.txt"
    rows.write_text("1\n")
    changes = [
        ("languages.es", {"english_rows": str(rows)}),
        ("sample.dataset", {"hub": "CohereForAI/aya_dataset"}),
    ]
    sampling = Sampling(plan(tmp_path, *changes))
    assert sampling.row_lists(w(scope=MULTI)) == {"es": str(rows)}
    assert sampling.list_files(w(scope="es")) == [str(rows)]
    assert sampling.list_files(w(scope="zh")) == []
    assert sampling.shared["lock"] == f"{tmp_path}/prefetch/manifest.json"
    assert sampling.dataset(w(language="es")) == sampling.shared


def test_a_language_and_english_with_rows_of_their_own(tmp_path):
    own, english = tmp_path / "own.csv", tmp_path / "english.csv"
    for path in (own, english):
        path.write_text("instruction,output\na,b\n")
    changes = [
        ("languages.es", {"native": {"path": str(own)}, "cap": "english"}),
        ("sample.english", {"path": str(english)}),
    ]
    sampling = Sampling(plan(tmp_path, *changes))
    assert sampling.data(w(language="es")) == [str(english), str(own)]
    assert sampling.rows_of(w(language="es")) is None
    assert sampling.dataset(w(language="es"))["path"] == str(own)
    assert sampling.english_data(w(scope="es")) == [str(english)]
    own_alone = Sampling(plan(tmp_path, ("languages.es", {"native": {"path": str(own)}})))
    assert own_alone.english_beside(w(language="es"))["dataset"] == own_alone.shared
    assert own_alone.english_beside(w(language="zh")) == own_alone.english


def test_translators_that_are_services_run_on_the_submitting_host(tmp_path):
    translating = Translating(plan(tmp_path))
    assert translating.only_services
    one = w(translator="fluent", scope="es")
    assert translating.gpus(one) == translating.gpu_memory(one) == 0
    assert translating.environment(one) == "../envs/data.yaml"
    assert list(translating.facts(one)) == ["en", "es"]
    assert translating.store(one, output(translated="r/translate/fluent/es.jsonl")) == (
        "r/.work/api/replies.sqlite"
    )


def test_a_local_translator_takes_a_gpu_of_the_cluster(tmp_path):
    entry = {"backend": "huggingface", "model": "facebook/nllb-200-distilled-600M"}
    changed = plan(tmp_path, ("translate.translators.fluent", entry), local=False)
    translating, one = Translating(changed), w(translator="fluent", scope="es")
    assert not translating.only_services
    assert (translating.gpus(one), translating.gpu_memory(one)) == (1, 12000)
    assert translating.host_memory(one) == 16000
    assert translating.environment(one) == "../envs/seq2seq.yaml"


def test_translated_sets_and_their_quality(tmp_path):
    translating = Translating(plan(tmp_path))
    assert "<results>/translate/literal/multi.jsonl" in translating.translations()
    assert "<results>/roundtrip/literal/es.jsonl" in translating.round_trips()
    sets = translating.measured(w(), output(table="r/translate/quality.csv", figure="r/x.svg"))
    assert len(sets) == len(translating.translations() + translating.round_trips())
    (trip,) = [s for s in sets if (s["kind"], s["translator"]) == ("roundtrip", "literal")]
    assert trip == {
        "translator": "literal",
        "kind": "roundtrip",
        "scope": "es",
        "report": "r/roundtrip/literal/es.report.json",
        "back": "r/roundtrip/literal/es.jsonl",
        "native": "r/sample/native/es.jsonl",
    }


def test_models(tmp_path):
    models = Models(plan(tmp_path))
    one = w(**CELL)
    base = models.base(one)
    assert base[0] == "<results>/finetune/base/tiny/config.json"
    entry = models.entry(one, InputFiles(fromdict={"base": ["r/base/tiny/config.json"]}))
    assert entry["base"] == "r/base/tiny" and "build" not in entry and "label" not in entry
    assert models.adapter(one) == [
        f"<results>/finetune/{PATH}/adapter_model.safetensors",
        f"<results>/finetune/{PATH}/adapter_config.json",
    ]
    assert models.adapter(w(**{**CELL, "data": "base"})) == []
    assert models.gpus_to_train(one) == models.gpus_to_read(one) == 0
    assert models.gpu_model(one) is None and models.gpu_memory("evaluate")(one) == 0
    assert models.reading_memory(one, attempt=2) > models.reading_memory(one, attempt=1)


def test_evaluations_on_a_server_ask_for_no_gpu(tmp_path):
    far = {"base": "org/model", "parameters": 7.0e9}
    one = w(**CELL)

    def served(**engines):
        engines = {"server": {"base_url": "http://h/v1"}, **engines}
        changes = (
            ("models", {"tiny": far}),
            ("evaluate.engine", "server"),
            ("answer.engine", "vllm"),
            ("engines", engines),
        )
        return plan(tmp_path, *changes, local=False)

    models = Served(served())
    assert Models(served()).gpus_to_read(one) == 1 and models.gpus_to_read(one) == 0
    assert models.gpu_model(one) is None and models.gpu_memory("evaluate")(one) == 0
    assert models.reading_memory(one, 1) > 4 * 7000  # transformers is asked on the CPU
    assert Served(served(agreement=0)).reading_memory(one, 1) < 6000
    answers = reading(served(), "answer")  # vLLM needs the card, and compares nothing there
    assert isinstance(answers, InVllm) and answers.gpus_to_read(one) == 1
    assert answers.gpu_memory("answer")(one) > 14000
    assert answers.reading_memory(one, 1) == Models(served()).reading_memory(one, 1)
    minutes = models.reading_minutes(lambda wildcards: Tokens(5e6, 0))(one, 1)
    assert minutes == Models(served()).reading_minutes(lambda wildcards: Tokens(5e6, 0))(one, 1)


def test_a_base_of_the_hub_is_at_the_commit_that_prefetch_found(tmp_path):
    far = {"base": "org/model", "parameters": 7.0e9}
    models = Models(plan(tmp_path, ("models", {"tiny": far}), local=False))
    one = w(**CELL)
    assert models.base(one) == []
    assert models.entry(one, InputFiles(fromdict={"base": []})) == {
        "base": "org/model",
        "revision": None,
        "trust_remote_code": False,
    }
    assert models.pinned(one) == ["org/model", None, False]
    assert models.gpus_to_train(one) == 1 and models.gpu_memory("finetune")(one) > 1000


def test_an_open_quantisation_is_a_file(tmp_path):
    models = Models(plan(tmp_path, ("finetune.quantisation", "auto")))
    assert models.choice(w(model="tiny")) == "<results>/finetune/quantisation/tiny.json"
    assert Models(plan(tmp_path)).choice(w(model="tiny")) == []


def test_a_damaged_choice_is_refused_in_one_line(tmp_path):
    made = tmp_path / "finetune/quantisation/tiny.json"
    made.parent.mkdir(parents=True)
    made.write_text("{}")
    models = Models(plan(tmp_path, ("finetune.quantisation", "auto")))
    with pytest.raises(Refused, match="tiny"):
        models.quantisation("tiny")


def test_finetune(tmp_path):
    finetuning = Finetuning(Models(plan(tmp_path)))
    one = w(**CELL)
    assert finetuning.dataset(one) == "<results>/sample/native/es.jsonl"
    assert finetuning.cuts == {}  # a key with its default is no parameter
    recipe = finetuning.recipe(one)
    assert "learning_rates" not in recipe and "budget" not in recipe
    assert recipe["quantisation"] == finetuning.models.configured("tiny")
    adapter = f"r/finetune/{PATH}/adapter_model.safetensors"
    assert finetuning.work(one, output(adapter=adapter)) == f"r/.work/finetune/{PATH}"
    assert finetuning.memory(one, attempt=3) == finetuning.memory(one, attempt=1) * 2
    assert f"<results>/finetune/{PATH}/adapter_model.safetensors" in finetuning.adapters()
    assert finetuning.base_texts(one)[-1] == "<results>/sample/english/zh.jsonl"
    assert "languages" not in finetuning.build(one)


def test_training_sets_with_their_cuts(tmp_path):
    changes = [("finetune.limit", 7), ("translate.flagged", "drop")]
    cuts = Finetuning(Models(plan(tmp_path, *changes))).cuts
    assert list(cuts.items()) == [("flagged", "drop"), ("limit", 7)]


def test_evaluate(tmp_path, monkeypatch):
    monkeypatch.chdir(SMALL)
    evaluating = Evaluating(plan(tmp_path, ("evaluate.limit", 5)))
    perplexity = w(benchmark="native-perplexity", language="zh", **CELL)
    assert evaluating.items(perplexity) == ["<results>/sample/heldout/zh.jsonl"]
    choice = w(benchmark="choice-native", language="es", **CELL)
    found = evaluating.items(choice)
    assert found and all((SMALL / path).is_file() for path in found)
    given = InputFiles(fromdict={"test": found, "demonstrations": []})
    assert evaluating.files(choice, given)["test"] == found
    assert evaluating.task(choice)["limit"] == 5
    assert evaluating.task(choice)["digest"] == evaluate.digest_of(
        evaluating.task(choice)["name"], ROOT / "tasks"
    )
    assert evaluating.learning_rate(choice) == evaluating.study.learning_rates["high"]
    assert evaluating.learning_rate(w(lr="none")) is None
    score = f"r/evaluate/{PATH}/choice-native/es.json"
    assert evaluating.chunks(choice, output(score=score)) == "r/.work/evaluate"
    assert f"<results>/evaluate/{PATH}/choice-native/es.json" in evaluating.scores()
    assert evaluating.cmmlu_archive(w())


def test_answer(tmp_path, monkeypatch):
    monkeypatch.chdir(SMALL)
    answering = Answering(Models(plan(tmp_path)))
    one = w(questions="native", language="es", **CELL)
    assert answering.source(one) == "resources/demo/questions/native_es.jsonl"
    assert answering.sources(one) == [answering.source(one)]
    assert not answering.drawn(one) and answering.instructions(one) == answering.aya(one) == {}
    assert list(answering.generation(one)) == [
        *("quantisation", "dtype", "template", "max_new_tokens", "temperature")
    ]
    made = output(answers=f"r/answer/{PATH}/native/es.jsonl")
    assert answering.partial(one, made) == f"r/.work/answer/{PATH}/native/es.jsonl"
    assert answering.probes(one, made) == "r/.work/probe"
    assert answering.beside(one, made, {"gpu": 0}) == []
    (other,) = answering.beside(one, made, {"gpu": 1})
    assert other == {
        "questions": "r/answer/questions/translated/es.jsonl",
        "answers": f"r/answer/{PATH}/translated/es.jsonl",
        "provenance": f"r/answer/{PATH}/translated/es.provenance.json",
        "partial": f"r/.work/answer/{PATH}/translated/es.jsonl",
    }


def test_judge(tmp_path):
    judging = Judging(plan(tmp_path).study, "results/.work/api/store")
    assert f"<results>/answer/{PATH}/native/es.jsonl" in judging.answers()
    assert "<results>/answer/questions/native/es.jsonl" in judging.questions()
    (name, *_) = judging.study.judges
    assert f"<results>/judge/{name}/{PATH}/native/es.jsonl" in judging.ratings()
    one = w(judge=name, questions="native", language="es", **CELL)
    assert (
        judging.batch(one) == []
        and judging.calling(one, threads=1)["store"] == "results/.work/api/store"
    )


def test_correlate_and_report(tmp_path):
    study = plan(tmp_path).study
    correlating = Correlating(study, "published", has_items=True)
    ours, theirs = w(source="study"), w(source="published")
    assert correlating.scores(ours) == "<results>/scores.csv"
    assert correlating.scores(theirs) == "published/scores.csv"
    assert correlating.item_table(ours) == ["<results>/correlate/study/items.parquet"]
    assert correlating.item_table(theirs) == []
    assert correlating.averages(ours) == []
    assert len(correlating.evaluations()) == len(correlating.item_tables())
    assert f"<results>/finetune/{PATH}/history.csv" in correlating.histories()
    reporting = Reporting(study, workflow=None)
    assert "<results>/report/study/beside" in reporting.files("study")
    assert reporting.differences(theirs) == []
    reports = reporting.translation_reports()
    assert "<results>/translate/literal/zh.report.json" in reports
    assert "<results>/roundtrip/literal/es.pivot.report.json" in reports
    assert reporting.store(ours, OutputFiles(["r/report/study/provenance"])) == (
        "r/.work/api/replies.sqlite"
    )


def test_the_configuration_in_the_report_is_without_what_captions_are_told(tmp_path):
    study = plan(tmp_path).study
    study.config["captions"] = {"judge": "n = 3"}
    assert "captions" not in Reporting(study, workflow=None).configuration()


def test_estimate(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    estimating = Estimating(plan(tmp_path))
    assert "<results>/sample/english/multi.jsonl" in estimating.samples()
    assert [sheet["name"] for sheet in estimating.models(w())] == ["tiny"]
    assert estimating.store(w(), OutputFiles(["r/estimate/cost.csv"])) == (
        "r/.work/api/replies.sqlite"
    )
    assert store_beside_export(w(), OutputFiles(["r/replies.parquet"])) == (
        "r/.work/api/replies.sqlite"
    )

    def wrong(_study):
        raise InputError("no price")

    monkeypatch.setattr(estimate.workload, "translations", wrong)
    with pytest.raises(Refused, match="no price"):
        estimating.translations(w())


@pytest.mark.parametrize("module", [correlate, estimate, evaluate, finetune, judge, report, sample])
def test_every_function_says_what_it_gives(module):
    for _, kind in inspect.getmembers(module, inspect.isclass):
        if kind.__module__ == module.__name__:
            functions = inspect.getmembers(kind, inspect.isfunction)
            assert all(f.__doc__ for name, f in functions if not name.startswith("_"))
