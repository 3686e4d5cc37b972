"""A stand-in for the Hugging Face hub: enough of its HTTP interface for its real clients.

Repositories have one commit, reachable by its hash and as `main`; uploads replace it. A gated repository answers
requests for files with 403 unless the right token comes along, as the hub does. Weights and Parquet files are
stored by Git LFS, as on the hub: a client that knows xet must have it switched off (HF_HUB_DISABLE_XET=1).
"""

import base64
import hashlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

TOKEN = "hf_thetokenofthisaccount"
BY_LFS = (".safetensors", ".parquet", ".zip")


@dataclass
class Repository:
    """A model or dataset repository."""

    kind: str  # model | dataset
    name: str
    files: dict[str, bytes]
    gated: bool = False
    commit: str = ""

    def __post_init__(self):
        if not self.commit:
            self.commit = hashlib.sha1(repr(sorted(self.files.items())).encode()).hexdigest()


@dataclass
class Hub:
    """The server: `repositories` may be changed while it runs; `requests` are those it got."""

    repositories: list[Repository]
    requests: list[str] = field(default_factory=list)
    stored: dict[str, bytes] = field(default_factory=dict)  # by SHA-256, of LFS

    def __enter__(self) -> "Hub":
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                hub.answer(self)

            do_HEAD = do_POST = do_PUT = do_GET

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        """Its address, for HF_ENDPOINT."""
        return f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        path = unquote(urlsplit(request.path).path).strip("/")
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        self.requests.append(f"{request.command} {path}")
        parts = path.split("/")
        api = parts[0] == "api"
        parts = parts[1:] if api else parts
        if api and parts == ["repos", "create"]:
            return self.create(request, json.loads(body))
        if api and parts == ["validate-yaml"]:
            return self.send_json(request, {"errors": [], "warnings": []})
        if parts[0] == "lfs":
            return self.store(request, *parts[1:], body)
        kind = "dataset" if parts[0] == "datasets" else "model"
        parts = parts[1:] if parts[0] in ("models", "datasets") else parts
        name, rest = "/".join(parts[:2]), parts[2:]
        if rest == ["info", "lfs", "objects", "batch"]:
            return self.offer(request, json.loads(body))
        found = [r for r in self.repositories if (r.kind, r.name) == (kind, name)]
        if not found:
            return self.send(request, 404, b"", {"X-Error-Code": "RepoNotFound"})
        repository = found[0]
        action, rest = (rest[0], rest[1:]) if rest else ("", [])
        allowed = request.headers.get("Authorization") == f"Bearer {TOKEN}"
        if repository.gated and not allowed and action in ("resolve", "auth-check"):
            headers = {"X-Error-Code": "GatedRepo", "X-Error-Message": "restricted"}
            return self.send(request, 403, b"", headers)
        if action in ("resolve", "revision", "tree", "paths-info"):
            if rest[0] not in (repository.commit, "main"):
                return self.send(request, 404, b"", {"X-Error-Code": "RevisionNotFound"})
        if action in ("preupload", "commit"):
            if not allowed:
                return self.send(request, 401, b"", {"X-Error-Message": "no token"})
            return self.receive(request, repository, action, body)
        if action == "resolve":
            return self.send_file(request, repository, "/".join(rest[1:]))
        if action in ("", "revision"):
            return self.send_json(request, describe(repository))
        if action == "tree":
            return self.send_json(request, tree(repository, "/".join(rest[1:])))
        if action == "paths-info":
            asked = json.loads(body)["paths"]
            everything = tree(repository, "")
            return self.send_json(request, [e for e in everything if e["path"] in asked])
        return self.send_json(request, {})

    def create(self, request, asked: dict) -> None:
        """Make a repository; one that is there is a conflict, as on the hub."""
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.send(request, 401, b"", {"X-Error-Message": "no token"})
        owner, name = asked.get("organization"), asked["name"]
        full = f"{owner}/{name}" if owner else name
        kind = asked.get("type") or "model"
        address = f"{self.url}/{'datasets/' * (kind == 'dataset')}{full}"
        if any((r.kind, r.name) == (kind, full) for r in self.repositories):
            return self.send(request, 409, json.dumps({"url": address}).encode(), {})
        self.repositories.append(Repository(kind, full, {}))
        return self.send_json(request, {"url": address, "id": full})

    def receive(self, request, repository: Repository, action: str, body: bytes) -> None:
        """Take an upload: texts come within the commit, other files before it."""
        if action == "preupload":
            files = [
                {
                    "path": one["path"],
                    "uploadMode": "lfs" if one["path"].endswith(BY_LFS) else "regular",
                    "shouldIgnore": False,
                }
                for one in json.loads(body)["files"]
            ]
            return self.send_json(request, {"files": files})
        for line in map(json.loads, body.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                repository.files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                if value["oid"] not in self.stored:
                    return self.send(request, 400, b"", {"X-Error-Message": "no such LFS object"})
                repository.files[value["path"]] = self.stored[value["oid"]]
        repository.commit = hashlib.sha1(
            repr(sorted(repository.files.items())).encode()
        ).hexdigest()
        address = f"{self.url}/{repository.name}/commit/{repository.commit}"
        return self.send_json(
            request, {"success": True, "commitOid": repository.commit, "commitUrl": address}
        )

    def offer(self, request, asked: dict) -> None:
        """Say where LFS objects go that are not here yet."""
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.send(request, 401, b"", {"X-Error-Message": "no token"})
        objects = []
        for one in asked["objects"]:
            place = {n: {"href": f"{self.url}/lfs/{n}/{one['oid']}"} for n in ("upload", "verify")}
            objects.append(one if one["oid"] in self.stored else {**one, "actions": place})
        return self.send_json(request, {"transfer": "basic", "objects": objects})

    def store(self, request, action: str, oid: str, body: bytes) -> None:
        """Keep an LFS object whose hash is right, or say whether it is here."""
        if action == "upload" and hashlib.sha256(body).hexdigest() == oid:
            self.stored[oid] = body
        self.send(request, 200 if oid in self.stored else 422, b"{}", {})

    def send_file(self, request, repository: Repository, name: str) -> None:
        if name not in repository.files:
            headers = {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": repository.commit}
            return self.send(request, 404, b"", headers)
        content = repository.files[name]
        etag = hashlib.sha256(content).hexdigest()
        headers = {"ETag": f'"{etag}"', "X-Repo-Commit": repository.commit}
        return self.send(request, 200, content, headers)

    def send_json(self, request, content) -> None:
        kind = {"Content-Type": "application/json"}
        self.send(request, 200, json.dumps(content).encode(), kind)

    def send(self, request, status: int, content: bytes, headers: dict[str, str]) -> None:
        request.send_response(status)
        for key, value in headers.items():
            request.send_header(key, value)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(content)


def describe(repository: Repository) -> dict:
    """What the hub says of a repository."""
    return {
        "id": repository.name,
        "sha": repository.commit,
        "private": False,
        "gated": "manual" if repository.gated else False,
        "downloads": 0,
        "likes": 0,
        "tags": [],
        "siblings": [{"rfilename": name} for name in repository.files],
    }


def tree(repository: Repository, folder: str) -> list[dict]:
    """Files and folders below a folder."""
    entries = {}
    for name, content in repository.files.items():
        if folder and not name.startswith(folder + "/"):
            continue
        oid = hashlib.sha1(content).hexdigest()
        entries[name] = {"type": "file", "path": name, "size": len(content), "oid": oid}
        parent = name.rpartition("/")[0]
        while parent and parent != folder:
            entries[parent] = {"type": "directory", "path": parent, "oid": oid, "size": 0}
            parent = parent.rpartition("/")[0]
    return list(entries.values())
