"""Version numbers of the stages' outputs: a raised number makes everything under the old one anew.

Scripts are not compared byte by byte (a comment must not retrain 224 adapters); rules carry these
numbers as a parameter instead. Raise one when the *meaning* of that stage's output changes: every
file made under the old number, and all that is downstream of it, is then recomputed.
"""

VERSIONS: dict[str, int] = {
    "sample": 1,
    "contamination": 1,
    "data": 1,
    "translated": 1,
    "translate": 2,
    "roundtrip": 2,
    "base": 1,
    "mix": 1,
    "finetune": 1,
    "evaluate": 3,
    "questions": 1,
    "answer": 1,
    "judge": 2,
    "judges": 6,
    "browser": 1,
    "scores": 3,
    "correlate": 3,
    "contrasts": 2,
    "differences": 1,
    "languages": 1,
    "benchmarks": 2,
    "claims": 7,
    "variance": 1,
    "tables": 6,
    "figures": 4,
    "findings": 4,
    "training": 2,
    "provenance": 5,
    "beside": 3,
    "plant": 1,
}
