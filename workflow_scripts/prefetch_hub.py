"""Bring every model and dataset of a study into the hub's cache, and write the manifest (hub.py).

What the manifest already holds keeps its commit; files are compared with its hashes. Everything
that cannot be had (no such repository or revision, a licence not accepted) is told at once, before
anything is downloaded.
"""

from pathlib import Path

from mothertongue import hub
from mothertongue.errors import InputError
from mothertongue.files import write_json
from mothertongue.process.log import log_to
from mothertongue.study.prefetch import bring, bring_url, look_up
from mothertongue.study.requirements import HERE, Need, absent, study_needs


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
        if need.kind not in HERE:
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
            needs=study_needs(Study(snakemake.params.study), snakemake.params.tasks),
            lock_file=Path(snakemake.params.lock),
        )
