"""Chromium over the WebDriver protocol, and a walk through a report of Snakemake."""

import base64
import json
import shutil
import socket
import subprocess
import time
import urllib.request
from pathlib import Path


class Browser:
    """The little of the WebDriver protocol that these tests need."""

    def __init__(self, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.base = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [shutil.which("chromedriver"), f"--port={port}"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        arguments = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run"
        arguments += " --disable-background-networking --disable-component-update --disable-sync"
        arguments += f" --window-size=1400,1000 --user-data-dir={folder}"
        options = {"binary": shutil.which("chromium"), "args": arguments.split()}
        watch = {"browser": "ALL", "performance": "ALL"}
        wanted = {"alwaysMatch": {"goog:chromeOptions": options, "goog:loggingPrefs": watch}}
        for attempt in range(100):
            try:
                reply = self.call("POST", "/session", {"capabilities": wanted})
                break
            except OSError:
                if attempt == 99:
                    raise
                time.sleep(0.1)
        self.base += f"/session/{reply['sessionId']}"

    def call(self, method, path, content=None):
        body = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(self.base + path, body, method=method)
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.loads(reply.read())["value"]

    def open(self, address):
        self.call("POST", "/url", {"url": address})

    def run(self, script):
        return self.call("POST", "/execute/sync", {"script": script, "args": []})

    def wait(self, script, seconds=20):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            value = self.run(f"return {script}")
            if value:
                return value
            time.sleep(0.1)
        raise AssertionError(f"never true in the page: {script}")

    def frame(self, index=None):
        """Enter a frame of the page; without an index back to the page itself."""
        self.call("POST", "/frame", {"id": index})

    def complaints(self):
        """Errors on the console, and addresses asked for that are no part of an opened file."""
        found = [e["message"] for e in self.logs("browser") if e["level"] == "SEVERE"]
        for entry in self.logs("performance"):
            event = json.loads(entry["message"])["message"]
            if event["method"] == "Network.requestWillBeSent":
                address = event["params"]["request"]["url"]
                if not address.startswith(("file:", "data:", "blob:", "about:", "chrome:")):
                    found.append(f"asked for {address[:200]}")
        return found

    def logs(self, kind):
        """What was logged since the last look."""
        return self.call("POST", "/se/log", {"type": kind})

    def screenshot(self, path):
        """Save what is seen as PNG."""
        Path(path).write_bytes(base64.b64decode(self.call("GET", "/screenshot")))

    def close(self):
        try:
            self.call("DELETE", "")
        finally:
            self.process.terminate()
            self.process.wait(20)


class Report:
    """A report that Chromium shows: its categories and items, opened as a reader does."""

    def __init__(self, browser, path):
        self.browser = browser
        browser.open(f"file://{path}")
        browser.wait("typeof app !== 'undefined' && document.querySelector('nav, a') !== null")
        self.categories = browser.run("return categories")

    def items(self):
        """(category, sub-category, path, labels) of every item."""
        results = self.browser.run(
            "return Object.fromEntries(Object.entries(results).map(([k, v]) => [k, v.labels]))"
        )
        for category, topics in self.categories.items():
            for topic, paths in topics.items():
                for path in paths:
                    yield category, topic, path, results[path]

    def show_list(self, category, topic):
        """Show the list of a sub-category, as after two clicks; gives the text of the list."""
        self.browser.run(
            "app.setView({navbarMode: 'menu'})"
        )  # a list keeps its items until it is left
        self.browser.wait("document.querySelector('nav table tbody tr') === null")
        view = {"navbarMode": "subcategory", "category": category, "subcategory": topic}
        self.browser.run(f"app.setView({json.dumps(view)})")
        self.browser.wait("document.querySelector('nav table tbody tr') !== null")
        return self.browser.run("return document.querySelector('nav table').innerText")

    def show(self, path):
        """Show an item beside its caption; gives its kind (`img` | `html`)."""
        kind = "img" if path.endswith((".svg", ".png")) else "html"
        view = f"{{content: '{kind}', contentPath: results[p].data_uri, resultPath: p}}"
        self.browser.run(
            f"const p = {json.dumps(path)}; app.showResultInfo(p); app.setView({view})"
        )
        if kind == "img":
            self.browser.wait("[...document.images].some(i => i.complete && i.naturalWidth > 50)")
        else:
            self.browser.wait("document.querySelector('iframe') !== null")
        return kind
