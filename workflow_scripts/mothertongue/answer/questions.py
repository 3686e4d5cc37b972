"""Read question sets: JSON Lines of `prompt[, id, reference]`, from a file or a URL."""

import logging
import tempfile
from pathlib import Path

from ..errors import InputError
from ..files import Row, is_missing, read_json_rows, text_hash, written_ids
from ..urls import fetch, is_url

log = logging.getLogger(__name__)


def check_questions(rows: list[Row], source: str | Path) -> list[Row]:
    """Return `id, prompt[, reference]` of every row; the first breach is an `InputError`."""
    if not rows:
        raise InputError(f"{source}: the question set is empty")
    seen: dict[str, int] = {}
    checked: list[Row] = []
    names = written_ids([row.get("id") for row in rows])
    for number, (row, own) in enumerate(zip(rows, names, strict=True), start=1):
        prompt = row.get("prompt")
        if not isinstance(prompt, str) or not prompt.strip():
            raise InputError(
                f"{source}, row {number}: 'prompt' is missing, empty or not text (found:"
                f" {', '.join(map(str, row))}; a question has prompt and optionally id, reference)"
            )
        name = own or text_hash(prompt)[:12]
        reference = row.get("reference")
        if isinstance(reference, float) and is_missing(reference):  # NaN, as pandas writes it
            reference = None
        if reference is not None and (not isinstance(reference, str) or not reference.strip()):
            raise InputError(
                f"{source}, row {number}: 'reference' is empty or not text; leave it out instead"
            )
        if name in seen:
            what = f"id '{name}' already stands" if own else "its prompt (without an id) is also"
            raise InputError(
                f"{source}, row {number}: {what} in row {seen[name]}; take one out, or give each an id"
            )
        seen[name] = number
        question = {"id": name, "prompt": prompt}
        checked.append(question | ({"reference": reference} if reference else {}))
    return checked


def download(url: str) -> list[Row]:
    """Fetch a question set; plain http only from this machine."""
    content = fetch(url)
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as copy:
        copy.write(content)
        copy.flush()
        try:
            return read_json_rows(copy.name)
        except InputError as error:
            raise InputError(str(error).replace(copy.name, url)) from None


def read_questions(
    source: str | Path, *, limit: int | None = None, copy: Path | None = None
) -> list[Row]:
    """Read and check a question set; `limit` keeps the first questions only.

    `copy` is what `prefetch` has brought of an address.
    """
    remote = is_url(str(source)) and copy is None
    rows = download(str(source)) if remote else read_json_rows(copy or source)
    questions = check_questions(rows, source)
    log.info("%s: %d questions", source, len(questions))
    return questions[:limit]
