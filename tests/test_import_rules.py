"""Which room of the package may import which: data flows one way."""

# Every room may use the modules beside the packages, and process, prompts and study.
BASE = {"process", "prompts", "study"}
MAY = {
    "study": {"process", "prompts"},
    "process": set(),
    "prompts": set(),
    "sample": set(),
    "api": set(),
    "preload": {"process"},
    "inference": {"process", "prompts", "preload"},
    "translate": {"api", "inference", "process", "prompts", "sample"},
    "finetune": {"inference", "process", "prompts"},
    "evaluate": {"inference", "study", "answer"},
    "answer": {"inference"},
    "judge": {"api", "prompts", "study", "correlate"},
    "correlate": {"study"},
    "report": {"correlate"},
    "estimate": {"study", "api", "translate", "judge", "evaluate", "correlate"},
    "rules": {"study", "judge", "report", "translate", "estimate", "evaluate", "inference"},
}
