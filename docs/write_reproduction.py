"""Write docs/reproduction.md from the register of departures.

python docs/write_reproduction.py
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "workflow_scripts"))

from mothertongue.report.departures import as_markdown  # noqa: E402
from mothertongue.report.register import read_departures  # noqa: E402

PAGE = ROOT / "docs" / "reproduction.md"
REGISTER = ROOT / "resources" / "published" / "departures.yaml"
HEAD = """# Where this reproduction departs from the paper

<!-- Made by `python docs/write_reproduction.py` from resources/published/departures.yaml. -->

`studies/paper.yaml` asks for the study of Chen, Yu, Guo and Haddow (EMNLP 2024). Nobody has run it whole
with this workflow, and it has not yet been run on a GPU. Here stands every point at which it does
something else than the paper states, or assumes what the paper does not state: {number} in all. The same
rows stand on the report's pages *Ours beside published* and *Where the numbers come from*.

Effects are given where they were measured or simulated. Every prompt, and what differs from lm-eval's
task of the name, is shown by `snakemake --cores 1 tasks --configfile studies/paper.yaml`.

**Which of our metrics to hold against the printed ones.** XQuAD's exact match and “include” are
string-level in the paper: `exact_match_strict` and `include_strict`. MGSM's exact token match comes nearest to
`strict-match`, lm-eval's filter. TyDi QA: `f1_harness`, the F1 of lm-eval's task, or `f1`. Options: `acc`.

**The same study at small scale.** A test runs all of it, every stage and every condition, with tiny
models in place of the paper's and a stand-in for the hub and the services: see
[the tests of the whole study](#the-tests-of-the-whole-study).

"""
TAIL = """## The tests of the whole study

`tests/test_paper.py` lays out a clean clone, a stand-in hub that holds the paper's repositories by their
names and pinned commits, and stand-ins for Google's page, Cohere's and OpenAI's interfaces.

| what | command | time on two CPU cores |
|---|---|---|
| one model, every stage, in the default suite | `pytest tests/test_paper.py` | {short} |
| 224 adapters, 1,376 evaluations, 288 answer sets, 576 judge files | `pytest tests/test_paper.py -m paper` | {whole} |

Both run in a network namespace of their own with `unshare --net --map-root-user sh -c 'ip link set lo up
&& exec pytest …'`.
"""
SHORT = "57 CPU-seconds"
WHOLE = "64 minutes beside much other work; about 40 CPU-minutes for 2,532 jobs"


def page() -> str:
    """The page as it should be."""
    rows = read_departures(REGISTER)
    head = HEAD.format(number=len(rows))
    return head + as_markdown(rows) + "\n" + TAIL.format(short=SHORT, whole=WHOLE)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
