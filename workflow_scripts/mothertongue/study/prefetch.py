"""Bring models and datasets into the hub's cache, and describe their files for the manifest."""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .. import hub, urls
from ..errors import InputError
from ..files import atomic, file_hash, text_hash
from ..study.requirements import Need

Entry = dict[str, Any]  # of the manifest: one repository or address, as JSON
OTHER_FORMATS = re.compile(
    r"\.(gguf|onnx|onnx_data|h5|msgpack|ot|tflite|pth|mlmodel|png|jpg|gif|mp4)$|^(original|onnx)/"
)


PICKLED = re.compile(r"\.(bin|pt)$")


def model_files(names: Iterable[str]) -> list[str]:
    """Files that loading a model may read: one format of the weights, the tokenizer, the code."""
    names = [name for name in names if not OTHER_FORMATS.search(name)]
    if any(name.endswith(".safetensors") for name in names):
        names = [name for name in names if not PICKLED.search(name)]
    return sorted(names)


def look_up(
    kind: str, repository: str, asked: str | None, needs: list[Need], known: Entry | None
) -> tuple[Entry, list[str]]:
    """The manifest's entry of a repository (hashes to come), and all files to fetch."""
    from huggingface_hub import HfApi

    what = f"{kind} ({', '.join(dict.fromkeys(need.where for need in needs))})"
    try:
        api, wanted = HfApi(), known["revision"] if known else asked
        info = api.repo_info(repository, repo_type=kind, revision=wanted)
        api.auth_check(repository, repo_type=kind)  # of a gated one, only the files are locked
        commit = info.sha or ""
        entry: Entry = {"kind": kind, "repository": repository, "asked": asked, "revision": commit}
        entry["splits"] = dict(known["splits"]) if known else {}
        if kind == "model":
            return entry, model_files(
                file.rfilename for file in getattr(info, "siblings", None) or []
            )
        for need in needs:
            if need.split:
                key = hub.split_key(need.subset, need.split)
                entry["splits"][key] = hub.split_files(repository, need.subset, need.split, commit)
        listed = [name for names in entry["splits"].values() for name in names]
        return entry, sorted({*listed, *(need.file for need in needs if need.file)})
    except InputError:
        raise
    except Exception as error:  # the hub's client raises many kinds
        raise hub.explained(error, repository, asked, what, kind=kind) from None


def bring(entry: Entry, names: list[str], known: Entry | None) -> Entry:
    """Fetch files into the cache and describe them; other content than before is an error."""
    before = {file["path"]: file["sha256"] for file in known["files"]} if known else {}
    files = []
    for name in names:
        path = hub.fetch(entry["kind"], entry["repository"], entry["revision"], name)
        one = {"path": name, "bytes": path.stat().st_size, "sha256": file_hash(path)}
        if before.get(name, one["sha256"]) != one["sha256"]:
            raise InputError(
                f"{path}: not the content that the manifest holds of {entry['repository']};"
                " the file is damaged: remove it and prefetch again"
            )
        files.append(one)
    there = {file["path"] for file in files}
    files += [file for file in (known["files"] if known else []) if file["path"] not in there]
    return {**entry, "files": sorted(files, key=lambda file: file["path"])}


def bring_url(url: str, lock: hub.Lock, folder: Path) -> Entry:
    """A copy of the file at an address, described; one that is there is kept."""
    path = folder / f"{text_hash(url)[:16]}{Path(url).suffix}"
    before = {entry["url"]: entry["sha256"] for entry in lock.get("urls", [])}.get(url)
    if not path.is_file() or file_hash(path) != before:
        content = urls.fetch(url)
        if before not in (None, hashlib.sha256(content).hexdigest()):
            raise InputError(
                f"{url}: not the content that the manifest holds of it; name an address that does"
                " not change (a commit, not a branch), or remove its entry from the manifest"
            )
        with atomic(path) as temporary:
            temporary.write_bytes(content)
    return {
        "url": url,
        "path": str(path),
        "bytes": path.stat().st_size,
        "sha256": file_hash(path),
    }
