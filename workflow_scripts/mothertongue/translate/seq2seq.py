"""A local sequence-to-sequence model through transformers: NLLB, M2M, mBART, MADLAD, Opus-MT.

Calls of the engine's threads are gathered into batches; one thread at a time runs the model.
Greedy or beam search: the same text gives the same translation.
"""

import re
import threading
from collections.abc import Container
from concurrent.futures import Future
from typing import Any

from ..api import Reply, Stop, Unanswerable
from ..api.types import Request
from ..errors import InputError
from ..inference.budgets import BatchBudget
from .settings import Languages, TranslatorSettings

ENDLESS = 1 << 40  # tokens of a batch that only `batch` limits
MARK = re.compile(r"<2\w+>|>>\w+<<")  # tokens that name the target: MADLAD's and Opus-MT's


class Seq2Seq:
    """One model for all directions, or one per direction (`{source}`, `{target}` in its name)."""

    limit = 600  # these models translate sentences; long texts are cut near this
    deterministic = True
    local = True  # runs in this process: no limit is shared with others

    def __init__(self, settings: TranslatorSettings, languages: Languages):
        """Models are loaded at their first call."""
        self.settings, self.languages = settings, languages
        self.codes, self.batch = settings.codes, settings.batch
        self.model = str(settings.service.model)
        try:
            self.model.format(source="", target="")
        except (KeyError, IndexError, ValueError):
            raise InputError(
                f"translate.translators.*.model: '{self.model}' may hold {{source}} and "
                "{target}, and no other braces"
            ) from None
        self._budget = BatchBudget(ENDLESS)  # less after memory ran out
        self._models: dict[str, tuple[Any, Any]] = {}
        self._queue: list[tuple[Request, Future[Reply]]] = []
        self._queue_lock = threading.Lock()
        self._model_lock = threading.Lock()

    def request(self, text: str, source: str, target: str) -> Request:
        """Everything that determines the reply."""
        codes = {"source": self.codes.get(source), "target": self.codes.get(target)}
        named = {"source": codes["source"] or source, "target": codes["target"] or target}
        return {
            "service": "huggingface",
            "model": self.model.format(**named),
            "revision": self.settings.revision,
            "source": source,
            "target": target,
            "codes": list(codes.values()),
            "beams": self.settings.beams,
            "max_tokens": self.settings.max_tokens,
            "text": text,
        }

    def send(self, request: Request, timeout: float) -> Reply:
        """Wait until some thread has run the batch that holds this request."""
        future: Future[Reply] = Future()
        with self._queue_lock:
            self._queue.append((request, future))
        with self._model_lock:
            if not future.done():
                chosen = self._take(request, future)
                try:
                    replies = self._run([item[0] for item in chosen])
                except Exception as error:  # every waiting call hears of it
                    replies = [error] * len(chosen)
                for (_, waiting), reply in zip(chosen, replies, strict=True):
                    if isinstance(reply, Exception):
                        waiting.set_exception(reply)
                    else:
                        waiting.set_result(reply)
        return future.result()

    def _take(self, request: Request, future: Future[Reply]) -> list[tuple[Request, Future[Reply]]]:
        """Off the queue: this request and those in its direction that are nearest in length."""

        def distance(item: tuple[Request, Future[Reply]]) -> int:
            return abs(len(item[0]["text"]) - len(request["text"]))

        pair = request["source"], request["target"]
        with self._queue_lock:
            same = [i for i in self._queue if (i[0]["source"], i[0]["target"]) == pair]
            others = sorted((i for i in same if i[1] is not future), key=distance)
            chosen = [(request, future), *others[: self.batch - 1]]
            gone = {id(item[1]) for item in chosen}
            self._queue = [item for item in self._queue if id(item[1]) not in gone]
        return chosen

    def _load(self, name: str) -> tuple[Any, Any]:
        """Tokenizer and model; bfloat16 on a GPU that has it (float16 overflows in T5)."""
        import transformers

        from ..inference.models import pick_dtype
        from ..process.devices import pick_device

        revision = self.settings.revision
        device = pick_device()
        dtype = pick_dtype("auto", device)
        try:
            tokenizer = transformers.AutoTokenizer.from_pretrained(name, revision=revision)
            model = transformers.AutoModelForSeq2SeqLM.from_pretrained(
                name, revision=revision, dtype=dtype
            )
        except (OSError, ValueError) as error:
            line = (str(error).splitlines() or [""])[0]
            raise Stop(f"cannot load model {name}: {line}") from None
        return tokenizer, model.to(device).eval()

    def marks(self, tokenizer: Any, source: str, target: str) -> tuple[str, dict[str, Any]]:
        """What stands before a text, and generation arguments, for a direction."""

        def code_of(language: str, known: Container[str], form: str = "{}") -> str:
            """The model's code of a language: the configured one, or one of the usual three."""
            own, flores = self.codes.get(language), self.languages[language].flores
            codes: list[str] = [own] if own else [flores, flores.split("_")[0], language]
            for code in codes:
                if form.format(code) in known:
                    return code
            raise InputError(
                f"{tokenizer.name_or_path} has no code for '{own or language}'; "
                f"set translate.translators.*.codes.{language}"
            )

        if hasattr(tokenizer, "src_lang"):  # NLLB, mBART: the code is the token; M2M: __xx__
            tokens = {token: token for token in tokenizer.all_special_tokens}
            tokens = getattr(tokenizer, "lang_code_to_token", None) or tokens
            tokenizer.src_lang = code_of(source, tokens)
            first = tokenizer.convert_tokens_to_ids(tokens[code_of(target, tokens)])
            return "", {"forced_bos_token_id": first}
        marks = {token for token in tokenizer.get_vocab() if MARK.fullmatch(token)}
        for form in ("<2{}>", ">>{}<<"):
            if any(token.startswith(form[:2]) for token in marks):
                return form.format(code_of(target, marks, form)) + " ", {}
        return "", {}  # one direction only

    def _run(self, requests: list[Request]) -> list[Reply | Exception]:
        """Translate texts in one direction; a text that the model cannot hold is declined.

        They are one batch unless memory has run out before; then as many as the budget allows.
        """
        first = requests[0]
        if first["model"] not in self._models:
            self._models[first["model"]] = self._load(first["model"])
        tokenizer, model = self._models[first["model"]]
        prefix, arguments = self.marks(tokenizer, first["source"], first["target"])
        most = getattr(model.config, "max_position_embeddings", None) or 1024
        encoded = tokenizer([prefix + request["text"] for request in requests])["input_ids"]
        replies: list[Reply | Exception] = [
            Unanswerable(f"{len(ids)} tokens are more than the model's {most}") for ids in encoded
        ]
        fitting = [i for i, ids in enumerate(encoded) if len(ids) <= most]
        if not fitting:
            return replies
        # each text has its own bound, so that its neighbours in the batch do not decide it
        bounds = {i: first["max_tokens"] or 32 + 3 * len(encoded[i]) for i in fitting}
        arguments |= {"num_beams": first["beams"], "do_sample": False}
        end = model.generation_config.eos_token_id
        ends = set(end if isinstance(end, list) else [end])
        while fitting:
            width = max(len(encoded[i]) + bounds[i] for i in fitting)
            chosen = fitting[: self._budget.rows(width, self.batch)]
            try:
                made = generated(
                    model,
                    tokenizer,
                    [encoded[i] for i in chosen],
                    max_new_tokens=min(most - 1, max(bounds[i] for i in chosen)),
                    **arguments,
                )
            except RuntimeError as error:
                self._budget.tokens = min(self._budget.tokens, len(chosen) * width)
                self._budget.halve(error, len(chosen) > 1)
                continue
            for index, tokens in zip(chosen, made, strict=True):
                tokens = tokens[: bounds[index] + 1]  # with the start token
                text = tokenizer.decode(tokens, skip_special_tokens=True)
                finish = "stop" if ends & set(tokens[1:]) else "length"
                replies[index] = Reply(text.strip(), finish)
            fitting = fitting[len(chosen) :]
        return replies


def generated(
    model: Any, tokenizer: Any, encoded: list[list[int]], **arguments: Any
) -> list[list[int]]:
    """The tokens that a sequence-to-sequence model makes of one batch, the start token included."""
    import torch

    padded = tokenizer.pad({"input_ids": encoded}, return_tensors="pt")
    with torch.inference_mode():
        made: torch.Tensor = model.generate(**padded.to(model.device), **arguments)
    found: list[list[int]] = made.tolist()
    return found
