"""Upload an adapter, a translated set or a bundle to one repository of the hub, if that was asked for."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import InputError, first_line
from ..hub import has_token, offline
from .checksums import TIMESTAMP

DRY = "dry run: nothing was uploaded; set push.upload: true"


@dataclass(frozen=True, slots=True)
class Upload:
    """Where to, and what: `files` by their path in the repository. `kind`: model or dataset."""

    repository: str
    kind: str
    files: Mapping[str, Path]
    private: bool = True


def gathered(paths: Mapping[str, Path]) -> dict[str, Path]:
    """Files by their path in the repository; a folder stands for all files in it but Snakemake's."""
    found: dict[str, Path] = {}
    for name, path in paths.items():
        if path.is_dir():
            inside = (p for p in sorted(path.rglob("*")) if p.is_file() and p.name != TIMESTAMP)
            found |= {f"{name}/{p.relative_to(path).as_posix()}".lstrip("/"): p for p in inside}
        else:
            found[name] = path
    return found


def listing(upload: Upload) -> list[str]:
    """What would go where, in lines."""
    sizes = {name: path.stat().st_size for name, path in upload.files.items()}
    head = (
        f"{upload.kind} {upload.repository}: {len(sizes)} files, {sum(sizes.values()) / 1e6:.1f} MB"
    )
    shown = [f"  {name} ({size:,} bytes)" for name, size in list(sizes.items())[:20]]
    more = [f"  and {len(sizes) - 20} more"] if len(sizes) > 20 else []
    return [head, *shown, *more]


def why(error: Exception) -> str:
    """Why an upload failed, in a few words."""
    text = f"{type(error).__name__}: {first_line(error)}"
    if re.search(r"\b40[13] ", text):
        return "this token (HF_TOKEN) may not write there"
    if re.search(r"Connect(ion)?(Error|Timeout)|OfflineMode", text):
        return f"the hub cannot be reached ({text})"
    return text


def push(upload: Upload, message: str) -> str:
    """Upload in one commit; makes the repository if there is none. Returns the commit's address."""
    if switch := offline():
        raise InputError(f"push: {switch} is set, so nothing can be uploaded; unset it")
    if not has_token():
        raise InputError(
            "push: no token; set HF_TOKEN to a token that may write to"
            f" {upload.repository} (never in the study's YAML)"
        )
    from huggingface_hub import CommitOperationAdd, HfApi

    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    api = HfApi()
    try:
        api.create_repo(
            upload.repository, repo_type=upload.kind, private=upload.private, exist_ok=True
        )
        done = api.create_commit(
            upload.repository,
            [CommitOperationAdd(name, str(path)) for name, path in upload.files.items()],
            commit_message=message,
            repo_type=upload.kind,
        )
    except Exception as error:  # the hub's client raises many kinds
        raise InputError(
            f"push: {upload.repository}: {why(error)}; no file was changed there"
        ) from None
    return str(done.commit_url)
