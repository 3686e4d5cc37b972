"""Call a script's `main`: here, or in a child with the folder, environment and log of a job."""

import importlib
import os
import sys
import traceback
from typing import Any

from ..errors import InputError, first_line
from .messages import Answer, Request


def call(module: str, keywords: dict[str, Any]) -> None:
    """Run the `main` of a script in workflow_scripts/."""
    importlib.import_module(module).main(**keywords)


def work(request: Request, fds: list[int]) -> Answer:
    """Do a job in this process with its folder, environment, stdout and stderr."""
    os.dup2(fds[0], 1)
    os.dup2(fds[1], 2)
    os.chdir(request.folder)
    os.environ.clear()
    os.environ.update(request.environment)
    import logging

    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(name)s %(levelname)s %(message)s",
        stream=sys.stderr,
        force=True,
    )
    try:
        call(request.module, request.keywords)
    except InputError as error:
        return Answer("input error", str(error))
    except BaseException as error:
        traceback.print_exc()
        return Answer("error", first_line(error), type(error).__name__)
    return Answer("done")
