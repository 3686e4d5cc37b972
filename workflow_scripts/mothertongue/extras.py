"""How to install what only some studies need: an extra of this project, from where its clone is."""

import shlex
from pathlib import Path

CLONE = Path(__file__).resolve().parents[2]


def install_extra(name: str) -> str:
    """The command that installs an extra from any folder; a study runs in one of its own."""
    return f"pip install -e {shlex.quote(f'{CLONE}[{name}]')}"
