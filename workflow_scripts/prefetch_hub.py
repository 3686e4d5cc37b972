"""Bring every model and dataset of a study into the hub's cache, and write the manifest (hub.py).

What the manifest already holds keeps its commit; files are compared with its hashes. Everything
that cannot be had (no such repository or revision, a licence not accepted) is told at once, before
anything is downloaded.
"""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mothertongue import hub, urls
from mothertongue.errors import InputError
from mothertongue.files import atomic, file_hash, text_hash, write_json
from mothertongue.process.log import log_to
from mothertongue.study.requirements import Need, absent, study_needs

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
    kind: str, repository: str, asked: str | None, needs: list[Need], known: dict | None
) -> tuple[dict[str, Any], list[str]]:
    """The manifest's entry of a repository (hashes to come), and all files to fetch."""
    from huggingface_hub import HfApi

    what = f"{kind} ({', '.join(dict.fromkeys(need.where for need in needs))})"
    try:
        api, wanted = HfApi(), known["revision"] if known else asked
        info = api.repo_info(repository, repo_type=kind, revision=wanted)
        api.auth_check(repository, repo_type=kind)  # of a gated one, only the files are locked
        entry = {"kind": kind, "repository": repository, "asked": asked, "revision": info.sha}
        entry["splits"] = dict(known["splits"]) if known else {}
        if kind == "model":
            return entry, model_files(file.rfilename for file in info.siblings)
        for need in needs:
            if need.split:
                key = hub.split_key(need.subset, need.split)
                entry["splits"][key] = hub.split_files(
                    repository, need.subset, need.split, info.sha
                )
        listed = [name for names in entry["splits"].values() for name in names]
        return entry, sorted({*listed, *(need.file for need in needs if need.file)})
    except InputError:
        raise
    except Exception as error:  # the hub's client raises many kinds
        raise hub.explained(error, repository, asked, what, kind=kind) from None


def bring(entry: dict[str, Any], names: list[str], known: dict | None) -> dict[str, Any]:
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


def bring_url(url: str, lock: hub.Lock, folder: Path) -> dict[str, Any]:
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


def main(*, needs: list[Need], lock_file: Path) -> None:
    """Fetch, check and write the manifest; what other studies put there stays."""
    switch = hub.offline()
    if switch:
        raise InputError(f"{switch} is set; unset it to prefetch")
    from huggingface_hub import constants
    from huggingface_hub.utils import disable_progress_bars

    disable_progress_bars()
    lock = hub.read_lock(lock_file)
    groups: dict[tuple, list[Need]] = {}
    for need in needs:
        if need.kind not in ("file", "url"):
            groups.setdefault((need.kind, need.name, need.revision), []).append(need)
    found, problems = [], []
    missing, unreached = absent(needs, lock)
    for (kind, name, asked), group in groups.items():
        known = hub.entry_of(lock, kind, name, asked)
        try:
            found.append((*look_up(kind, name, asked, group, known), known))
        except InputError as error:
            problems.append(str(error))
    told = [f"{len(problems)} of {len(groups)} repositories cannot be fetched:"] * bool(problems)
    told += [f"  - {line}" for line in problems]
    if missing or unreached:
        told.append("files and addresses that the study names are missing:")
        told += [f"  - {line}" for line in [*missing, *unreached]]
    if told:
        raise InputError("\n".join(told))
    entries = {
        (entry["kind"], entry["repository"], entry["asked"]): entry
        for entry in lock.get("repositories", [])
    }
    for entry, names, known in found:
        print(f"{entry['kind']} {entry['repository']} at {entry['revision']}: {len(names)} files")
        entry = bring(entry, names, known)
        entries[entry["kind"], entry["repository"], entry["asked"]] = entry
        ordered = [entries[key] for key in sorted(entries, key=str)]
        write_json(lock_file, {**lock, "endpoint": constants.ENDPOINT, "repositories": ordered})
    copies = {entry["url"]: entry for entry in lock.get("urls", [])}
    for url in dict.fromkeys(need.name for need in needs if need.kind == "url"):
        copies[url] = bring_url(url, lock, lock_file.parent / "files")
        print(f"{url}: {copies[url]['bytes']:,} bytes")
    kept = {
        "endpoint": constants.ENDPOINT,
        "repositories": [entries[k] for k in sorted(entries, key=str)],
    }
    write_json(lock_file, {**kept, **({"urls": list(copies.values())} if copies else {})})
    size = sum(file["bytes"] for entry in entries.values() for file in entry["files"])
    print(f"{len(entries)} repositories, {size / 1e9:.2f} GB, in {constants.HF_HUB_CACHE}")


if "snakemake" in globals():
    from mothertongue.study import Study

    with log_to(snakemake.log[0]):
        main(
            needs=study_needs(Study(snakemake.params.study), Path(snakemake.params.tasks)),
            lock_file=Path(snakemake.params.lock),
        )
