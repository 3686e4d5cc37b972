"""Arguments of the script that asks in batches."""

from judging import arguments

BATCH = {"requests": 40, "megabytes": 90, "poll": 0.05, "discount": 0.5}


def batch_arguments(folder, server, **operating):
    given = arguments(folder, server)
    given["operating"] |= {"batch": BATCH} | operating
    keep = {key: given[key] for key in ("judge", "spec", "operating")}
    return given, keep | {"answers": [given["answers"]], "report": folder / "batch.json"}
