"""Text that was decoded by the wrong table: "seÃ±or" for "señor", "Ð¿Ñ€Ð¸Ð²ÐµÑ‚" for "привет"."""

import re

# tables by which UTF-8 is read wrongly; ftfy knows the Western ones and their mixtures best
TABLES = ("cp1252", "latin-1", "cp1251", "koi8-r", "gbk", "cp1256", "cp437", "mac-roman", "shift_jis", "euc-kr", "big5", "cp1253", "cp1250")  # fmt: skip
RUN = re.compile(r"[^\x00-\x7f]{2,}(?:[\x20-\x7f]?[^\x00-\x7f]+)*")
RUNS, SHORTEST = 6, 4
LOST = re.compile(r"\ufffd|(?<![?\w])\?{4,}(?![?\w])|锟斤拷|烫烫烫|ï»¿")
MARKS = re.compile(r"\w\?\w+\?\w|[^\W\d_]\?[^\W\d_]{2,}")


def mojibake(source: str, text: str) -> str | None:
    """A piece of a reply that was decoded wrongly where its source was not, or None."""
    if text.isascii():
        lost = LOST.search(text)
        return lost.group() if lost and not LOST.search(source) else None
    lost = LOST.search(text)
    if lost and not LOST.search(source):
        return lost.group()
    from ftfy.badness import badness

    if badness(text) and badness(text) > badness(source):
        from ftfy import fix_encoding

        if fix_encoding(text) != text or badness(text) >= 3:
            return text[:60]
    return _reread(text) if _reread(source) is None else None


def _reread(text: str) -> str | None:
    """A run of letters that is valid UTF-8 in another table, and shorter when read so."""
    told = 0
    for count, match in enumerate(RUN.finditer(text)):
        if count >= RUNS:
            break
        run = match.group()[:60]
        for table in TABLES:
            try:
                read = run.encode(table).decode("utf-8")
            except UnicodeError:
                continue
            if len(read) < len(run) and read.isprintable():
                told += 1
                if len(run) >= SHORTEST:
                    return run
    return None
