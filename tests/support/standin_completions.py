"""An OpenAI-compatible completions server that computes true log-probabilities with transformers."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import torch


class Completions:
    """Serves models by name: {name: (model, tokenizer)}; `spoil` may change what is answered."""

    def __init__(
        self,
        models: dict[str, Any],
        spoil: Callable[[dict[str, Any], dict[str, Any]], dict[str, Any] | None] | None = None,
    ) -> None:
        self.models, self.spoil = models, spoil
        self.requests: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                pass

            def _send(self, content: dict[str, Any], status: int = 200) -> None:
                body = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self) -> None:
                names = [{"id": name, "owned_by": "stand-in"} for name in outer.models]
                self._send({"object": "list", "data": names})

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                asked = json.loads(self.rfile.read(length))
                with outer._lock:
                    outer.requests.append(asked)
                    answer = outer.answer(asked)
                    told = outer.spoil(asked, answer) if outer.spoil else answer
                if told is None:
                    self._send({"error": "overloaded"}, 503)
                else:
                    self._send(told)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def __enter__(self) -> "Completions":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        model, tokenizer = self.models[asked["model"]]
        prompts = asked["prompt"]
        if isinstance(prompts, str) or isinstance(prompts[0], int):
            prompts = [prompts]
        choices = []
        for index, prompt in enumerate(prompts):
            tokens = tokenizer(prompt)["input_ids"] if isinstance(prompt, str) else prompt
            if asked.get("echo"):
                choices.append({"index": index, **self._scored(model, tokenizer, tokens)})
            else:
                choices.append({"index": index, **self._written(model, tokenizer, tokens, asked)})
        return {"object": "text_completion", "choices": choices}

    @torch.inference_mode()
    def _scored(self, model: Any, tokenizer: Any, tokens: list[int]) -> dict[str, Any]:
        likely = model(torch.tensor([tokens])).logits[0].float().log_softmax(-1)
        one = int(likely[-1].argmax())
        told: list[float | None] = [None]
        tops: list[dict[str, float] | None] = [None]
        for place, token in enumerate([*tokens[1:], one]):
            told.append(float(likely[place, token]))
            best = int(likely[place].argmax())
            tops.append({str(best): float(likely[place, best]), str(token): told[-1]})
        return {"text": "", "logprobs": {"token_logprobs": told, "top_logprobs": tops}}

    @torch.inference_mode()
    def _written(
        self, model: Any, tokenizer: Any, tokens: list[int], asked: dict[str, Any]
    ) -> dict[str, Any]:
        made: list[int] = []
        text, reason = "", "length"
        while len(made) < asked["max_tokens"]:
            token = int(model(torch.tensor([tokens + made])).logits[0, -1].argmax())
            if token == tokenizer.eos_token_id:
                reason = "stop"
                break
            made.append(token)
            text = tokenizer.decode(made, skip_special_tokens=True)
            found = [text.index(stop) for stop in asked.get("stop") or [] if stop and stop in text]
            if found:
                text, reason = text[: min(found)], "stop"
                break
        return {"text": text, "finish_reason": reason}
