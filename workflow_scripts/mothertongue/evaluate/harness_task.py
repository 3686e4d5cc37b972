"""Extend lm-eval's task class by what our task pack needs; importing this imports lm-eval."""

from collections.abc import Mapping
from typing import Any

from lm_eval.api.samplers import FirstNSampler
from lm_eval.api.task import ConfigurableTask

from ..inference.passage import Passage
from ..inference.templates import Prompting


class PackTask(ConfigurableTask):  # type: ignore[misc]  # lm-eval has no types
    """lm-eval's task with demonstrations fixed per subject. `prompting`: the model's template."""

    prompting: Prompting

    def __init__(self, config: Mapping[str, Any]) -> None:
        super().__init__(config={key: value for key, value in config.items() if key != "class"})
        self._samplers: dict[str, FirstNSampler] = {}
        for doc in self.dataset["demonstrations"]:
            self._samplers.setdefault(doc["subject"], FirstNSampler([])).df.append(doc)

    def fewshot_context(self, doc: Mapping[str, Any], num_fewshot: int, **options: Any) -> Any:
        """Build the prompt with the demonstrations of this item's subject.

        A held-out text is asked as fine-tuning asks it, by the model's template.
        """
        if self.config.metadata["family"] == "text":
            turns = [*doc.get("earlier", ()), doc["instruction"]]
            return self.prompting.prompt(turns, system=doc.get("system"), language=doc["language"])
        if num_fewshot:
            self.sampler = self._samplers.get(doc["subject"]) or self._samplers[""]
            num_fewshot = min(num_fewshot, len(self.sampler.df))  # data.choose_demonstrations
        return super().fewshot_context(doc, num_fewshot, **options)

    def construct_requests(self, doc: Mapping[str, Any], ctx: str, **options: Any) -> Any:
        """Make lm-eval's requests; a held-out text is scored as training supervises it."""
        requests = super().construct_requests(doc, ctx, **options)
        if self.config.metadata["family"] == "text":
            context, continuation = requests.arguments
            requests.arguments = Passage(context, continuation.strip())
        return requests
