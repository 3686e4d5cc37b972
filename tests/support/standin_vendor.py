"""A service as a vendor or gateway runs it, answered by a function, and clients that call it."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from mothertongue.api import Service, make_client
from mothertongue.translate import make_translator
from mothertongue.translate.settings import TranslatorSettings, languages_of
from standin import page

KEY = "canary-0123456789-secret"
CLIENTS = ("openai", "cohere", "google-cloud", "google")
LANGUAGES = {
    code: {"name": code, "script": "Latn", "google": code, "flores": code} for code in ("en", "es")
}
PATHS = {"openai": "/v1", "google": "/m", "google-cloud": "/language/translate/v2"}


class Server(ThreadingHTTPServer):
    """Answers with `answer(handler, body)`; keeps the path, headers and body of every request."""

    daemon_threads = True

    def __init__(self, answer):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer, self.seen, self.scheme = answer, [], "http"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *exc):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        pass

    def url(self, backend="", host="127.0.0.1"):
        return f"{self.scheme}://{host}:{self.server_address[1]}{PATHS.get(backend, '')}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.do_POST()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.seen.append((self.path, dict(self.headers), body))
        self.server.answer(self, body)

    def send(self, content, status=200, headers=None, form="application/json"):
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": form,
            "Content-Length": len(data),
            **(headers or {}),
        }.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(data)


def answering(backend, text="Hola a todos."):
    """A good answer of a service, whatever is asked."""
    form = "text/html; charset=utf-8" if backend == "google" else "application/json"
    return lambda handler, body: handler.send(page(backend, text, "stop"), form=form)


def translator(backend, url, **api):
    entry = {"backend": backend, "model": "m", "base_url": url, "api": api}
    return make_translator(TranslatorSettings.of(entry), languages_of(LANGUAGES))


def ask(client, timeout=5.0):
    return client.send(client.request("Hello to all of you.", "en", "es"), timeout)


def chat(url, **more):
    entry = {"backend": "openai", "model": "m", "base_url": url, "api": {}, **more}
    return make_client(Service.of(entry))


def completion(message, **more):
    return {"id": "1", "model": "m", "choices": [{"index": 0, "message": message, **more}]}
