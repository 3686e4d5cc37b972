"""What the estimate and the lines before a run say of stages that another engine computes."""

from pathlib import Path

import pytest
import yaml
from conftest import ROOT
from mothertongue.errors import InputError
from mothertongue.estimate import workload
from mothertongue.estimate.gpu import needs, text_of
from mothertongue.rules.engines import reading
from mothertongue.rules.plan import Plan
from mothertongue.study import Study, gpu_warnings, read_study

SERVER = {"server": {"base_url": "http://node:8000/v1"}}


def study_of(engine: str, **finetune) -> Study:
    config = yaml.safe_load((ROOT / "studies/paper.yaml").read_text(encoding="utf-8"))
    config["models"] = {"llama2-7b": config["models"]["llama2-7b"]}
    config["evaluate"]["engine"] = config["answer"]["engine"] = engine
    config["engines"] = SERVER if engine == "server" else {}
    config["finetune"] |= finetune
    return read_study(config, ROOT)


def stages(engine: str, root: Path):
    (sheet,) = workload.models(study_of(engine), root, local=False)
    return sheet, {need.stage: need for need in needs(sheet, root)}


def test_a_server_takes_no_gpu_of_the_jobs_and_vllm_reads_16_bits(tmp_path, monkeypatch):
    monkeypatch.setattr("mothertongue.estimate.gpu.read_rows", lambda _: [])
    _, here = stages("transformers", tmp_path)
    sheet, served = stages("server", tmp_path)
    for stage in ("evaluate", "answer"):
        assert here[stage].gb > 7 and here[stage].hours > 0
        assert (served[stage].gb, served[stage].hours, served[stage].loads) == (0, 0, 0)
        assert served[stage].tokens == here[stage].tokens
    assert here["evaluate"].loads > 0 and served["finetune"] == here["finetune"]
    assert "evaluate and answer by engine: server: jobs ask for no GPU" in text_of([], [sheet])
    sheet, fast = stages("vllm", tmp_path)
    assert sheet.quantisation == "int8"
    assert fast["evaluate"].gb == sheet.bytes["none"]["evaluate"] / 1e9 > here["evaluate"].gb
    assert "vLLM is not measured on a GPU" in text_of([], [sheet])
    sheet, _ = stages("transformers", tmp_path)
    assert text_of([], [sheet]) == ""


def lines(study: Study, rule: str) -> list[str]:
    cells = [(rule, "llama2-7b")]
    return list(gpu_warnings.warnings(study.config, cells, Path("nowhere"), local=False))


def test_vllm_needs_a_card_that_holds_16_bits():
    small = {"gpu_memory": 12.5, "quantisation": "int8"}
    assert lines(study_of("transformers", **small), "evaluate_benchmark") == []
    with pytest.raises(InputError, match=r"13 GB in vLLM, which reads 16 bits, .* transformers"):
        lines(study_of("vllm", **small), "evaluate_benchmark")
    tight = {**small, "gpu_memory": 14}
    (line,) = lines(study_of("vllm", **tight), "answer_questions")
    assert "GB of GPU memory in vLLM" in line and "answer.engine: transformers" in line
    assert lines(study_of("vllm", **{**small, "gpu_memory": 24}), "evaluate_benchmark") == []


def test_jobs_of_a_server_are_no_jobs_of_models_here():
    def models(engine: str):
        plan = Plan(study_of(engine), ROOT, "results", local=False, refusal=InputError)
        return reading(plan, "evaluate")

    assert [models(one).computes_here for one in ("transformers", "vllm", "server")] == [
        *(True, True, False)
    ]
