"""What a check finds: a problem of a kind, and a checked reply."""

from dataclasses import dataclass

# kind -> severity; from HARD on, a reply is never a row. The order decides which of several
# replies is kept: the one whose worst problem is the least severe.
HARD = 60
SEVERITY: dict[str, int] = {
    "no-text": 100,
    "empty": 100,
    "error-page": 95,
    "refusal": 90,
    "role-token": 80,
    "reasoning": 80,
    "untranslated": 75,
    "wrong-script": 70,
    "wrong-language": 65,
    "source-repeated": 62,
    "preamble": 50,
    "remark": 48,
    "extra-paragraph": 15,
    "mojibake": 45,
    "cut": 42,
    "truncated": 42,
    "finish": 40,
    "too-long": 35,
    "too-short": 35,
    "code-fence-changed": 30,
    "placeholder-lost": 28,
    "lines-lost": 26,
    "numbers": 25,
    "link-lost": 20,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a reply. `hard`: the reply must not become a row; `detail`: what was seen."""

    kind: str
    hard: bool
    detail: str = ""

    @property
    def severity(self) -> int:
        """Higher is worse."""
        return SEVERITY.get(self.kind, HARD if self.hard else 1)


@dataclass(frozen=True, slots=True)
class Checked:
    """A reply after its checks. `text`: the mended text; `mended`: kinds of what was mended."""

    text: str | None
    problems: tuple[Problem, ...] = ()
    mended: tuple[str, ...] = ()

    @property
    def hard(self) -> bool:
        """Whether the reply must not become a row."""
        return any(problem.hard for problem in self.problems)

    @property
    def severity(self) -> int:
        """The severity of the worst problem, 0 without any."""
        return max((problem.severity for problem in self.problems), default=0)

    @property
    def kinds(self) -> list[str]:
        """The kinds of the problems, each once, in the order they were found."""
        return list(dict.fromkeys(problem.kind for problem in self.problems))


def found(kind: str, detail: str = "") -> Problem:
    """A problem of a known kind."""
    return Problem(kind, SEVERITY[kind] >= HARD, detail)
