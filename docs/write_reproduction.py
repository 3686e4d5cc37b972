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

`studies/paper.yaml` asks for the study of Chen, Yu, Guo and Haddow (EMNLP 2024). The complete study has
not yet been run with this workflow, and the workflow has not yet been run on a GPU. This page lists every point at
which the workflow departs from the paper, or makes an assumption because the paper does not state something:
{number} in all. The report shows the same rows on the pages *Ours beside published* and *Where the numbers come from*.

Effects are given if they were measured or simulated. To see every prompt and its differences from lm-eval's
corresponding task, run `snakemake --cores 1 tasks --configfile studies/paper.yaml`.

**Which of our metrics to compare with the printed ones.** For XQuAD, whose exact match and “include” are
string-level in the paper: `exact_match_strict` and `include_strict`. For MGSM, the metric closest to exact token
match: `strict-match`, lm-eval's filter. For TyDi QA: `f1_harness`, the F1 of lm-eval's task, or `f1`. For
multiple-choice tests: `acc`.

**The same study at small scale.** A test runs every stage and every condition of the study, with tiny
models in place of the paper's and stand-ins for the hub and the services: see
[the tests of the whole study](#the-tests-of-the-whole-study).

"""
TAIL = """## The tests of the whole study

`tests/drills/test_paper.py` sets up a clean clone, a stand-in for the hub with the paper's repositories under their
names and pinned commits, and stand-ins for Google's page and the interfaces of Cohere and OpenAI.

| what | command | time on two CPU cores |
|---|---|---|
| one model, every stage, in the default suite | `pytest tests/drills/test_paper.py` | {short} |
| 224 adapters, 1,376 evaluations, 288 answer sets, 576 judge files | `pytest tests/drills/test_paper.py -m paper` | {whole} |

To run both without network access, in a network namespace of their own, use `unshare --net --map-root-user sh -c 'ip link set lo up
&& exec pytest …'`.
"""
SHORT = "57 CPU-seconds"
WHOLE = "64 minutes on a busy machine; about 40 CPU-minutes for 2,532 jobs, to which 288 checks of answers have come since"


def page() -> str:
    """The page as it should be."""
    rows = read_departures(REGISTER)
    head = HEAD.format(number=len(rows))
    return head + as_markdown(rows) + "\n" + TAIL.format(short=SHORT, whole=WHOLE)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
