"""A stand-in for translation and chat services, spoken to by the real client libraries.

Speaks Google's mobile page (GET /m), Google Cloud Translation (POST …/language/translate/v2),
LibreTranslate (POST …/translate), Cohere v2 chat (POST …/v2/chat) and OpenAI chat completions
(POST …/chat/completions), with faults on demand, and counts what it would bill.
"""

import hashlib
import html
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

ERROR_PAGE = "Error 500 (Server Error)!!1500.That’s an error. Please try again later."
REFUSAL = "I'm sorry, but I cannot help with translating this text."
TRANSPORT = ("429", "429-after", "500", "503", "drop", "never-ends", "cut-json", "empty-body")
CONTENT = ("error-page", "echo", "wrong-language", "refusal", "length")
FAULTS = TRANSPORT + CONTENT
WORDS = [
    "la",
    "casa",
    "del",
    "pueblo",
    "tiene",
    "una",
    "puerta",
    "grande",
    "donde",
    "los",
    "vecinos",
    "hablan",
    "cada",
    "tarde",
    "sobre",
    "las",
    "cosas",
    "que",
    "han",
    "pasado",
    "durante",
    "el",
    "largo",
    "día",
    "de",
    "trabajo",
]


def invented(text: str) -> str:
    """A deterministic 'Spanish' text of the same length and numbers."""
    seed = int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)
    made = []
    for place, word in enumerate(text.split()):
        keep = any(char.isdigit() for char in word) or "://" in word
        made.append(word if keep else WORDS[(seed + 7 * place) % len(WORDS)])
    return f"{' '.join(made)} número{seed % 9973}x"


class StandIn(ThreadingHTTPServer):
    """The server. `faults`: share of calls that go wrong; `kinds`: how."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(
        self,
        translate: Callable[[str], str] = invented,
        *,
        faults: float = 0.0,
        kinds: tuple[str, ...] = FAULTS,
        latency: float = 0.0,
        seed: int = 1,
    ):
        super().__init__(("127.0.0.1", 0), Handler)
        self.translate, self.faults, self.kinds = translate, faults, kinds
        self.latency = latency
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.billed: Counter[str] = Counter()  # good answers by text
        self.arrived: Counter[str] = Counter()
        self.given: Counter[str] = Counter()  # faults by kind
        self.keys: set[str] = set()
        self.refusal: tuple[int, dict] | None = None  # to every call; "KEY" becomes the call's key
        self.busy = self.busiest = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def base_url(self, backend: str) -> str:
        """What a configuration names as this service's address."""
        path = {"openai": "/v1", "cohere": "", "google": "/m"}
        return self.url + path.get(backend, "/language/translate/v2")

    def asked_for(self, text: str, instruction: str) -> str:
        """What is translated, counted and billed, given what stands before the text in a chat."""
        return text

    def handle_error(self, request, client_address):
        pass

    def fault(self, text: str) -> str | None:
        """What goes wrong with a call, if anything."""
        with self.lock:
            if self.random.random() >= self.faults:
                return None
            kind = self.random.choice(self.kinds)
            self.given[kind] += 1
            return kind

    def __exit__(self, *exc):
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: StandIn
    key = ""

    def log_message(self, *args):
        pass

    def do_GET(self):
        asked = parse_qs(urlparse(self.path).query)
        self.answer("google", asked["q"][0], asked.get("tl", [""])[0])

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        key = self.headers.get("x-goog-api-key") or self.headers.get("authorization", "")
        self.key = key.removeprefix("Bearer ")
        self.server.keys.add(self.key)
        for path, service in (("/language/translate/v2", "google-cloud"), ("/translate", "libre")):
            if self.path.endswith(path):
                return self.answer(service, body["q"])
        instruction, _, text = body["messages"][-1]["content"].partition("\n\n")
        service = "cohere" if self.path.endswith("/v2/chat") else "openai"
        return self.answer(service, text or instruction, instruction)

    def answer(self, service: str, text: str, instruction: str = ""):
        server = self.server
        asked = server.asked_for(text, instruction)
        with server.lock:
            server.arrived[asked] += 1
            server.busy += 1
            server.busiest = max(server.busiest, server.busy)
        try:
            if server.latency:
                time.sleep(server.latency)
            if server.refusal:
                status, body = server.refusal
                told = json.dumps(body).replace("KEY", self.key)
                self.send(status, told.encode())
            else:
                self.reply(service, text, asked, server.fault(asked))
        finally:
            with server.lock:
                server.busy -= 1

    def reply(self, service: str, text: str, asked: str, kind: str | None):
        server, finish = self.server, "stop"
        if kind in ("400", "429", "429-after", "500", "503"):
            headers = {"Retry-After": "0.2"} if kind == "429-after" else {}
            return self.send(int(kind[:3]), b'{"message": "busy"}', headers=headers)
        if kind == "drop":
            self.close_connection = True
            return self.connection.close()
        if kind == "empty-body":
            return self.send(200, b"")
        if kind == "never-ends":
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.close_connection = True
            for _ in range(200):
                self.wfile.write(b"1\r\n \r\n")
                self.wfile.flush()
                time.sleep(0.1)
            return None
        made = server.translate(asked)
        if kind == "error-page":
            made = ERROR_PAGE
        elif kind == "echo":
            made = text
        elif kind == "wrong-language":
            made = "Das ist nun leider ein deutscher Satz über das schöne Wetter. " * max(
                1, len(text) // 60
            )
        elif kind == "refusal":
            made = REFUSAL
        elif kind == "length":
            finish, made = "length", made[: len(made) // 2]
        body = page(service, made, finish)
        if kind == "cut-json":
            body = body[: len(body) // 2]
        elif kind is None:
            with server.lock:
                server.billed[asked] += 1
        form = "text/html" if service == "google" else "application/json"
        return self.send(200, body, form=form)

    def send(self, status: int, body: bytes, *, form="application/json", headers=None):
        self.send_response(status)
        self.send_header("Content-Type", f"{form}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def page(service: str, text: str, finish: str) -> bytes:
    """A good answer of a service."""
    if service == "google":
        return f'<html><div class="result-container">{html.escape(text)}</div></html>'.encode()
    if service == "libre":
        answer = {"translatedText": text}
    elif service == "google-cloud":
        answer = {"data": {"translations": [{"translatedText": text}]}}
    elif service == "cohere":
        answer = {
            "id": "1",
            "finish_reason": "MAX_TOKENS" if finish == "length" else "COMPLETE",
            "message": {"role": "assistant", "content": [{"type": "text", "text": text}]},
            "usage": {"billed_units": {"input_tokens": 10, "output_tokens": 10}},
        }
    else:
        answer = {
            "id": "1",
            "object": "chat.completion",
            "created": 0,
            "model": "stand-in",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": finish,
                    "message": {"role": "assistant", "content": text},
                }
            ],
            "usage": {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20},
        }
    return json.dumps(answer).encode()
