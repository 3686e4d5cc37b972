"""Write docs/benchmarks.md from the catalogue of public benchmarks.

python docs/write_benchmarks.py
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "workflow_scripts"))

from mothertongue.study.catalogue_pages import as_markdown  # noqa: E402

PAGE = ROOT / "docs" / "benchmarks.md"
HEAD = """# Public benchmarks in your language

<!-- Made by `python docs/write_benchmarks.py` from resources/benchmarks.yaml. -->

This page shows which public benchmarks hold the languages of Aya that this workflow knows, under which name
lm-evaluation-harness has them, and how their items came into the language. To see one language on the terminal, with the
suite that the workflow suggests:

```
snakemake --cores 1 benchmarks --config language=sw
```

Without `--config language=…` it shows the languages of your study. In a study, `suite` adds the suite of a language, and
`snakemake tasks` says what it holds and misses. Any other benchmark is an entry of `benchmarks`: `task` is its name in
lm-eval, in which `{language}` stands for the code of `codes`.

```yaml
evaluate:
  suite: {sw: auto}
  benchmarks:
    xcopa: {label: XCOPA, task: "xcopa_{language}", languages: [sw], origin: human-translated, kind: structured}
    belebele: {label: Belebele, task: "belebele_{language}", codes: {sw: swh_Latn}, languages: [sw], origin: human-translated, kind: structured, cluster: link}
```

How to read it:

* **origin**: *native* items were written in the language. *Culturally adapted* ones were changed to fit it.
  *Human-translated*, *post-edited* (by people, after a machine) and *machine-translated* ones come from another
  language, mostly English. A translated benchmark may reward a model for translated training data.
* **kind**: a *structured* test compares the probabilities of given answers. In a *generative* test the model writes its answer.
* **items**: those that lm-eval scores, or the number that the authors state for the whole benchmark.
* **chance**: the share of right answers by guessing. It is 0 for free text, and *not known* if it differs by item or has
  not been checked.
* **access**: *gated* datasets want an account and an accepted licence (`HF_TOKEN`).
* **not known**: the fact has not been checked. All others were compared with dataset cards, abstracts of
  papers, row totals of the hub and the files of lm-eval 0.4.13 on the day given in the notes; items per language of TyDi QA, AfriMMLU and AfriMGSM by their totals alone. Licences and data change: look at the source before you publish.

**The smallest suite** has one test each that is native or translated, structured or generative, as far as there is
one: first the origin that is least foreign, then the order of the file. A study needs both origins to see
whether its benchmarks would notice a difference, and both kinds because differences often show in generation only.

"""


def page() -> str:
    """The page as it should be."""
    return HEAD + as_markdown()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
