"""Input functions and parameters of rules/push.smk."""

from typing import Any

from snakemake.iocontainers import Wildcards

from ..errors import InputError
from ..study import Condition
from ..study.paths import (
    ADAPTER,
    ADAPTER_CARD,
    ADAPTER_CONFIG,
    BUNDLE,
    HISTORY,
    PROVENANCE,
    SCORE,
    TRANSLATED,
    TRANSLATED_CARD,
    TRANSLATED_REPORT,
    TUNED,
)
from ..study.recipes import is_whole
from .plan import IN_RULES, Plan
from .report import Reporting

WHATS = "bundle, finetune/MODEL/DATA/SCOPE/LR/seedN of an adapter, or translate/TRANSLATOR/SCOPE"


class Publishing:
    """Cards of adapters and translated sets, and what is uploaded (push)."""

    def __init__(self, plan: Plan, reporting: Reporting):
        self.plan, self.study, self.reporting = plan, plan.study, reporting
        self.by_path = {one.path: one for one in self.study.conditions}

    # -- cards -----------------------------------------------------------------------------------

    def cards(self) -> list[str]:
        """The cards of every adapter and every set that a translator of the study made."""
        adapters = [IN_RULES.of(ADAPTER_CARD, one) for one in self.study.conditions]
        return adapters + [
            IN_RULES.at(TRANSLATED_CARD, translator=data, scope=scope)
            for data, scope in self.study.data_and_scope()
            if data in self.study.translators
        ]

    def _condition(self, wildcards: Wildcards) -> Condition | None:
        w = wildcards
        return self.by_path.get(f"{w.model}/{w.data}/{w.scope}/{w.lr}/seed{w.seed}")

    def scores(self, wildcards: Wildcards) -> list[str]:
        """The score files of an adapter."""
        own = self._condition(wildcards)
        tests = [*self.study.own_evaluations, *self.study.other_evaluations]
        return [IN_RULES.of(SCORE, one) for one in tests if one.condition == own]

    def _source(self) -> str | None:
        hub: str | None = (self.study.config["sample"].get("dataset") or {}).get("hub")
        return hub

    def tuned(self, wildcards: Wildcards) -> dict[str, Any]:
        """What the card of an adapter says that its files do not."""
        w, config = wildcards, self.study.config
        model = config["models"][w.model]
        languages = list(self.study.languages) if w.scope == "multi" else [w.scope]
        source = self._source()
        return {
            "study": config["study"],
            "title": f"{config['study']}: {model['label']}, {w.data}, {w.scope}, {w.lr}, seed {w.seed}",
            "base": model.get("base"),
            "languages": tuple(languages),
            "data": w.data,
            "datasets": (source,) if source else (),
            "labels": {name: one.label for name, one in self.study.benchmarks.items()},
            "whole": is_whole(config, w.model),
        }

    def translated(self, wildcards: Wildcards) -> dict[str, Any]:
        """What the card of a translated set says that its report does not."""
        w, config = wildcards, self.study.config
        entry = config["translate"]["translators"][w.translator]
        licences = {
            (one["data"], one["scope"]): one["licence"] for one in self.reporting.data_sets()
        }
        return {
            "study": config["study"],
            "title": f"{config['study']}: {entry['label']}, {w.scope}",
            "language": w.scope,
            "translator": entry["label"],
            "backend": entry["backend"],
            "model": entry.get("model"),
            "source": self._source(),
            "licence": licences.get((w.translator, w.scope)),
        }

    # -- push ------------------------------------------------------------------------------------

    def _wrong(self, told: str) -> Exception:
        return self.plan.refusal(InputError(told))

    def asked(self, wildcards: Wildcards | None = None) -> dict[str, Any]:
        """What goes to which repository; files by their path there."""
        section = self.study.config.get("push")
        if section is None:
            raise self._wrong(
                "push: no repository is named; give --config"
                " 'push={repository: OWNER/NAME, what: bundle}'"
            )
        what = section["what"].strip("/")
        top, _, rest = what.partition("/")
        if what == BUNDLE:
            kind, files = "dataset", {"": IN_RULES.at(BUNDLE)}
        elif top == "finetune" and (one := self.by_path.get(rest)):
            weights = (
                {"": IN_RULES.of(TUNED, one)}
                if is_whole(self.study.config, one.model)
                else {
                    "adapter_model.safetensors": IN_RULES.of(ADAPTER, one),
                    "adapter_config.json": IN_RULES.of(ADAPTER_CONFIG, one),
                }
            )
            others = {
                "README.md": ADAPTER_CARD,
                "provenance.json": PROVENANCE,
                "history.csv": HISTORY,
            }
            kind = "model"
            files = {**weights, **{name: IN_RULES.of(p, one) for name, p in others.items()}}
        elif top == "translate" and tuple(rest.split("/")) in self._translated_sets():
            translator, scope = rest.split("/")
            named = {
                f"{scope}.jsonl": TRANSLATED,
                "README.md": TRANSLATED_CARD,
                f"{scope}.report.json": TRANSLATED_REPORT,
            }
            kind = "dataset"
            files = {
                name: IN_RULES.at(p, translator=translator, scope=scope)
                for name, p in named.items()
            }
        else:
            raise self._wrong(f"push.what: '{what}' is nothing of this study; name {WHATS}")
        return {**section, "what": what, "kind": kind, "files": files}

    def _translated_sets(self) -> set[tuple[str, ...]]:
        return {cell for cell in self.study.data_and_scope() if cell[0] in self.study.translators}

    def files(self, wildcards: Wildcards) -> list[str]:
        """The files that are uploaded."""
        return list(self.asked()["files"].values())
