"""The Hugging Face hub: files at one commit, kept in the hub client's cache, and a lock of commits.

The lock (`<results>/prefetch/manifest.json`, written by the target `prefetch`) says which commit
each revision of the study stood for and which files belong to each split. What it holds is read
from the cache without asking the hub; so a study can run with HF_HUB_OFFLINE=1, and a revision that
the study leaves open stays what it was.

    {"endpoint": …, "repositories": [{"kind": "model" | "dataset", "repository", "asked": revision
     in the study or null, "revision": commit, "files": [{"path", "bytes", "sha256"}],
     "splits": {"subset/split": [path, …]}}],
     "urls": [{"url", "path": its copy, "bytes", "sha256"}]}
"""

import json
import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from .errors import InputError, first_line

Lock = Mapping[str, Any]
SWITCHES = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE")
PREFETCH = "run `snakemake --cores 1 prefetch --configfile …` where there is a network"


def offline() -> str | None:
    """The environment variable that switches the hub off in this process, if one does."""
    on = {"1", "ON", "YES", "TRUE"}
    return next((name for name in SWITCHES if os.environ.get(name, "").upper() in on), None)


def has_token() -> bool:
    """Whether the hub's client would show a token: HF_TOKEN, or one kept by its login."""
    from huggingface_hub import get_token

    return get_token() is not None


def read_lock(path: str | Path) -> Lock:
    """Read the lock; an empty one where there is no file yet."""
    path = Path(path)
    return _read_lock(str(path), path.stat().st_mtime_ns) if path.is_file() else {}


@cache
def _read_lock(path: str, _changed: int) -> Lock:
    try:
        lock: Lock = json.loads(Path(path).read_text(encoding="utf-8"))
        lock["repositories"]
    except (ValueError, KeyError, TypeError):
        raise InputError(
            f"{path}: not a manifest of `snakemake prefetch`; remove it and prefetch again"
        ) from None
    return lock


def entry_of(lock: Lock, kind: str, repository: str, asked: str | None) -> dict[str, Any] | None:
    """The lock's entry for a revision of a repository (`asked` null: left open by the study)."""
    wanted = (kind, repository, asked)
    entries: list[dict[str, Any]] = lock.get("repositories", [])
    for entry in entries:
        if (entry["kind"], entry["repository"], entry["asked"]) == wanted:
            return entry
    return None


def url_copy(lock: Lock, url: str) -> Path | None:
    """What `prefetch` has brought of a web address, if that is still there."""
    for entry in lock.get("urls", []):
        if entry["url"] == url and Path(entry["path"]).is_file():
            return Path(entry["path"])
    return None


def commit_of(lock: Lock, kind: str, repository: str, asked: str | None) -> str | None:
    """The commit that a revision stands for: the lock's, else as asked."""
    entry = entry_of(lock, kind, repository, asked)
    return entry["revision"] if entry else asked


def split_key(subset: str | None, split: str) -> str:
    """How the lock names a split."""
    return f"{subset or 'default'}/{split}"


def dataset_files(
    repository: str, subset: str | None, split: str, asked: str | None, lock: Lock
) -> tuple[str, list[Path]]:
    """The commit and the local files of a dataset's split, fetched if need be.

    `subset` is the hub's configuration name. Raises `InputError` if there is no such thing, no
    access, or no network and no copy.
    """
    entry = entry_of(lock, "dataset", repository, asked)
    key = split_key(subset, split)
    try:
        if entry and key in entry["splits"]:
            commit, names = entry["revision"], entry["splits"][key]
        else:
            commit = commit_of(lock, "dataset", repository, asked) or resolve(
                "dataset", repository, None
            )
            names = split_files(repository, subset, split, commit)
        return commit, [fetch("dataset", repository, commit, name) for name in names]
    except InputError:
        raise
    except Exception as error:  # the hub's client raises many kinds
        what = f"split {key}"
        raise explained(error, repository, asked, what, kind="dataset") from None


def resolve(kind: str, repository: str, revision: str | None) -> str:
    """The commit that a branch, a tag or the newest state is now (asks the hub)."""
    from huggingface_hub import HfApi

    return str(HfApi().repo_info(repository, repo_type=kind, revision=revision).sha)


def fetch(kind: str, repository: str, commit: str, name: str) -> Path:
    """One file in the cache."""
    from huggingface_hub import hf_hub_download

    return Path(hf_hub_download(repository, name, repo_type=kind, revision=commit))


@cache
def _builder(repository: str, subset: str | None, commit: str) -> Any:
    import datasets

    datasets.disable_progress_bars()
    return datasets.load_dataset_builder(repository, subset, revision=commit)


def split_files(repository: str, subset: str | None, split: str, commit: str) -> list[str]:
    """Names of the files of a split, by the rules of the datasets library (asks the hub)."""
    files = _builder(repository, subset, commit).config.data_files or {}
    if split not in files:
        raise InputError(
            f"{repository} ({subset or 'default'}): no split '{split}' (there are:"
            f" {', '.join(map(str, files)) or 'none'})"
        )
    return [str(name).split(f"@{commit}/", 1)[-1] for name in files[split]]


def cached_path(kind: str, repository: str, commit: str | None, name: str) -> Path | None:
    """A file in the local cache, if it is there (asks nobody)."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(repository, name, repo_type=kind, revision=commit or "main")
    return Path(found) if isinstance(found, str) and Path(found).is_file() else None


def cached(kind: str, repository: str, commit: str | None, name: str) -> bool:
    """Whether a file is in the local cache (asks nobody)."""
    return cached_path(kind, repository, commit, name) is not None


def no_permission(*folders: Path) -> str:
    """What to do about folders of the cache that cannot be read."""
    named = ", ".join(map(str, folders))
    return f"no permission to read the local cache, {named}; make it readable, or set HF_HOME"


def locked_out(kind: str, repository: str) -> Path | None:
    """The folder that keeps this user from reading a repository in the cache, if one does."""
    from huggingface_hub.constants import HF_HUB_CACHE

    folder = Path(HF_HUB_CACHE) / "--".join([f"{kind}s", *repository.split("/")])
    for path in (
        folder.parent,
        folder,
        *(folder / part for part in ("refs", "snapshots", "blobs")),
    ):
        if os.path.exists(path) and not os.access(path, os.R_OK | os.X_OK):
            return path
    return None


def explained(
    error: Exception, repository: str, revision: str | None, what: str, *, kind: str = "model"
) -> InputError:
    """Turn a failure of the hub's client (or of transformers) into one line that says what to do."""
    if locked := locked_out(kind, repository):
        return InputError(f"{repository}: {no_permission(locked)}")
    text = f"{type(error).__name__} {error} {error.__cause__!r}"
    at = f"{repository}@{revision}" if revision else repository
    page = f"https://huggingface.co/{'datasets/' * (kind == 'dataset')}{repository}"
    gated = "GatedRepo" in text or "access a gated repo" in text
    if "RepositoryNotFound" in text and not gated:  # also what an unknown name is without a token
        return InputError(f"{at}: no such {kind} on the hub (or it is private; then set HF_TOKEN)")
    if gated or re.search(r"\b40[13] (Client Error|Unauthorized|Forbidden)", text):
        return InputError(
            f"{at}: the hub did not give access; if the {kind} is gated, accept its licence at"
            f" {page} and set the environment variable HF_TOKEN to a token of that account"
        )
    if "RevisionNotFound" in text or "is not a valid git identifier" in text:
        return InputError(f"{at}: no such revision on the hub; mend the key revision beside it")
    if "trust_remote_code" in text:
        return InputError(
            f"{at}: this model brings its own code; read it, then set trust_remote_code: true"
            f" for this model in the configuration to run it"
        )
    unreached = ["LocalEntryNotFound", "couldn't connect", "OfflineMode", "ConnectError"]
    unreached += ["ConnectTimeout", *["ConnectionError"] * (kind == "dataset")]
    if any(word in text for word in unreached):
        switch = offline()
        why = f"{switch} is set" if switch else "the hub cannot be reached"
        return InputError(f"{at}: the {what} is not in the local cache and {why}; {PREFETCH}")
    if "safetensors" in text:
        return InputError(
            f"{at}: holds no weights as safetensors, and the older format (.bin), which can carry"
            f" code, is not loaded; convert them with transformers' save_pretrained, or name a"
            f" revision that has them"
        )
    return InputError(f"{at}: cannot load the {what}: {type(error).__name__}: {first_line(error)}")
