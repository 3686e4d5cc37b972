"""The one exception for mistakes that a user can mend, and what errors of libraries say."""


class InputError(ValueError):
    """Bad input. Its text is one line that names the file, row or key and says what to do."""


def first_line(error: object) -> str:
    """The first line of an error's text, or its kind where it has none."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of torch says that a device or the host has no memory left."""
    text = str(error).lower()
    said = "out of memory" in text or "can't allocate memory" in text
    return isinstance(error, RuntimeError) and (said or type(error).__name__ == "OutOfMemoryError")
