"""A stand-in judge service on loopback: OpenAI chat, files and batches, Cohere chat, faults.

It speaks to the real client libraries. `sent` counts answered requests by content: what a provider
would bill; `good`, by prompt, those of them whose reply was not spoilt on purpose.
"""

import hashlib
import json
import random
import re
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def rating_for(prompt: str) -> float:
    """A rating from 1 to 5 in halves that depends on the prompt alone."""
    return 1 + int(hashlib.sha256(prompt.encode()).hexdigest(), 16) % 9 / 2


class JudgeServer:
    """`with JudgeServer(...) as server:`; `server.openai` and `server.cohere` are base URLs."""

    def __init__(self, *, faults=0.0, latency=0.0, seed=1, reply=None):
        self.faults, self.latency = faults, latency
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.sent, self.asked, self.good, self.requests = Counter(), Counter(), Counter(), 0
        self.reply = reply or (lambda prompt, nth: f"It is fine. Rating: [[{rating_for(prompt)}]]")
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

            def do_GET(self):
                outer.show(self)

            def do_POST(self):
                if not self.path.startswith(("/v1/chat", "/v2/chat")):
                    return outer.take(self)
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.answer(self, body)

        class Server(ThreadingHTTPServer):
            request_queue_size = 256
            daemon_threads = True

        self.declines = ""  # a parameter that batches decline
        self.schema = "taken"  # or refused (naming it), broken (without saying why), ignored
        self.files, self.batches, self.looks, self.lost_creates = {}, {}, Counter(), 0
        self.skip = lambda key: False  # custom ids that a batch leaves unanswered
        self.server = Server(("127.0.0.1", 0), Handler)
        self.cohere = f"http://127.0.0.1:{self.server.server_port}"
        self.openai = f"{self.cohere}/v1"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, handler, body):
        with self.lock:
            self.requests += 1
            fault = self.random.random() < self.faults
            kind = self.random.choice(["429", "500", "503", "drop", "cut", "mute"])
        if self.latency:
            time.sleep(self.latency)
        if fault and kind in ("429", "500", "503"):
            headers = {"Retry-After": "0.05"} if kind == "429" else {}
            return self.write(handler, int(kind), {"error": {"message": "try later"}}, headers)
        if fault and kind == "drop":
            handler.close_connection = True
            return handler.connection.close()
        prompt = body["messages"][-1]["content"]
        key = json.dumps(body, sort_keys=True)
        if "response_format" in body and self.schema in ("refused", "broken"):
            told = "'response_format' of type 'json_schema' is not supported with this model."
            told = told if self.schema == "refused" else "bad request"
            return self.write(handler, 400, {"error": {"message": told}, "message": told})
        with self.lock:
            self.sent[key] += 1
            self.asked[prompt] += 1
            self.good[prompt] += not fault
            text = self.form(body, self.reply(prompt, self.asked[prompt]))
        if isinstance(text, int):
            return self.write(
                handler, text, {"error": {"message": "content filter"}, "message": "x"}
            )
        finish = "stop"
        if fault:  # billed, and useless
            text, finish = (
                ("The response is", "length") if kind == "cut" else ("I cannot say.", "stop")
            )
        if handler.path.startswith("/v1/chat"):
            content = {
                "id": "c1",
                "object": "chat.completion",
                "created": 1,
                "model": body["model"] + "-2026",
                "choices": [
                    {
                        "index": 0,
                        "message": {"role": "assistant", "content": text},
                        "finish_reason": finish,
                    }
                ],
                "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
            }
        else:
            content = {
                "id": "c1",
                "finish_reason": "MAX_TOKENS" if finish == "length" else "COMPLETE",
                "message": {"role": "assistant", "content": [{"type": "text", "text": text}]},
                "usage": {"billed_units": {"input_tokens": 100, "output_tokens": 20}},
            }
        return self.write(handler, 200, content)

    def form(self, body, text):
        """A reply in brackets as the JSON object that the request's schema asks for."""
        if "response_format" not in body or self.schema == "ignored" or isinstance(text, int):
            return text
        if text.startswith("{"):  # an object already
            return text
        asked = json.dumps(body["response_format"])
        if '"verdict"' in asked:
            word = re.search(r"\[\[(A|B|tie)\]\]", text)
            made = {
                "explanation": text,
                "declined": not word,
                "verdict": word[1] if word else "tie",
            }
            return json.dumps(made, ensure_ascii=False)
        number = re.search(r"\[\[([\d.]+)\]\]", text)
        rating = round(float(number[1])) if number else None
        made = {"explanation": text, "declined": rating is None, "rating": rating or 1}
        return json.dumps(made, ensure_ascii=False)

    def take(self, handler):
        """Files and batches: POST."""
        data = handler.rfile.read(int(handler.headers["Content-Length"]))
        if handler.path == "/v1/files":
            boundary = handler.headers["Content-Type"].split("boundary=")[1].encode()
            parts = [p.split(b"\r\n\r\n", 1) for p in data.split(b"--" + boundary) if b"name=" in p]
            content = next(body for head, body in parts if b"filename=" in head)
            name = f"file-{len(self.files)}"
            self.files[name] = content.removesuffix(b"\r\n").decode()
            return self.write(handler, 200, self.file(name))
        asked = json.loads(data)
        name = f"batch-{len(self.batches)}"
        batch = {
            "id": name,
            "object": "batch",
            "created_at": 1,
            "completion_window": "24h",
            "endpoint": asked["endpoint"],
            "input_file_id": asked["input_file_id"],
            "status": "in_progress",
            "metadata": asked["metadata"],
        }
        self.batches[name] = batch
        if self.lost_creates:
            self.lost_creates -= 1
            handler.close_connection = True
            return handler.connection.close()
        return self.write(handler, 200, batch)

    def file(self, name):
        size = len(self.files[name])
        return {
            "id": name,
            "object": "file",
            "bytes": size,
            "created_at": 1,
            "filename": "f.jsonl",
            "purpose": "batch",
            "status": "processed",
        }

    def show(self, handler):
        """Files and batches: GET."""
        parts = handler.path.split("?")[0].strip("/").split("/")
        if parts[1] == "files":
            data = self.files[parts[2]].encode()
            handler.send_response(200)
            handler.send_header("Content-Type", "application/octet-stream")
            handler.send_header("Content-Length", str(len(data)))
            handler.end_headers()
            return handler.wfile.write(data)
        if len(parts) == 2:
            listed = {"object": "list", "data": list(self.batches.values()), "has_more": False}
            return self.write(handler, 200, listed)
        self.looks[parts[2]] += 1
        batch = self.batches[parts[2]]
        if self.looks[parts[2]] > 3 and batch["status"] == "in_progress":
            self.complete(batch)
        return self.write(handler, 200, batch)

    def complete(self, batch):
        """Answer a batch's requests."""
        good, bad = [], []
        for line in self.files[batch["input_file_id"]].split("\n")[:-1]:
            request = json.loads(line)
            key = json.dumps(request["body"], sort_keys=True)
            if self.skip(request["custom_id"]):
                bad.append({"custom_id": request["custom_id"], "error": {"code": "expired"}})
                continue
            if self.declines and self.declines in request["body"]:
                told = f"Unsupported parameter: '{self.declines}' is not supported with this model."
                error = {"message": told, "param": self.declines, "code": "unsupported_parameter"}
                answered = {"status_code": 400, "body": {"error": error}}
                bad.append({"custom_id": request["custom_id"], "response": answered})
                continue
            self.sent[key] += 1
            prompt = request["body"]["messages"][-1]["content"]
            text = self.form(request["body"], self.reply(prompt, self.sent[key]))
            message = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            body = {"model": "judge-1-2026", "choices": [message]}
            body |= {"usage": {"prompt_tokens": 100, "completion_tokens": 20}}
            answered = {"status_code": 200, "body": body}
            good.append({"custom_id": request["custom_id"], "response": answered})
        for field, lines in (("output_file_id", good), ("error_file_id", bad)):
            if lines:
                name = f"file-{len(self.files)}"
                texts = [json.dumps(x, ensure_ascii=False) for x in reversed(lines)]
                self.files[name] = "".join(text + "\n" for text in texts)
                batch[field] = name
        batch["status"] = "completed"

    def write(self, handler, status, content, headers=None):
        data = json.dumps(content).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(data)
