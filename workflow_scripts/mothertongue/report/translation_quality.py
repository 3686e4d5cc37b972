"""The quality of translated sets: its table's rows and its figure."""

from pathlib import Path
from typing import Any

from ..files import atomic
from ..report.figures import ROUND_TRIP, TRANSLATED, enlarge, key_above, prepare
from ..sample.rows import FIELDS, read_rows
from ..translate.quality import corpus_scores

COLUMNS = (
    *("translator", "kind", "scope", "language", "field", "rows", "chrf++", "bleu"),
    *("bleu_tokeniser", "length_ratio", "quarantined", "left_out", "wrong_language", "refusals"),
    "passed_through",
)


def shares(report: dict[str, Any]) -> dict[str, float]:
    """Shares of a set's segments by what the checks found."""
    found, segments = report["problems"], max(report["segments"], 1)
    wrong = sum(v for k, v in found.items() if k.startswith(("wrong-", "untranslated")))
    return {
        "quarantined": report["quarantined_share"],
        "left_out": report.get("missing_share", 0.0),
        "wrong_language": wrong / segments,
        "refusals": (found.get("refusal", 0) + found.get("preamble", 0)) / segments,
        "passed_through": sum(report["passed_through"].values()) / segments,
    }


def round_trip_scores(native: Path, back: Path) -> list[tuple[str, str, int, float, float | None]]:
    """(language, field, rows, chrF++, BLEU) of a round trip against its native source.

    BLEU is None in a language that no tokeniser on this machine knows.
    """
    natives = {row.id: row for row in read_rows(native)}
    both = [(row, natives[row.id]) for row in read_rows(back)]  # some may be left out
    scores = []
    for language in sorted({row.language for row, _ in both}):
        pairs = [(b, n) for b, n in both if n.language == language]
        for name in FIELDS:
            made = [text.text for row, _ in pairs for text in row.texts() if text.field == name]
            wanted = [text.text for _, row in pairs for text in row.texts() if text.field == name]
            measured = corpus_scores(made, wanted, language)
            scores.append((language, name, len(pairs), measured.chrf, measured.bleu))
    return scores


def draw(
    rows: list[dict[str, Any]],
    figure_file: Path,
    labels: dict[str, str],
    languages: dict[str, str],
) -> None:
    """Bars: chrF++ of round trips by field, and the share of rows flagged or left out of every set."""
    plt = prepare()

    def place(scope: str) -> str:
        return "multilingual" if scope == "multi" else languages.get(scope, scope)

    trips: dict[str, dict[str, float]] = {}
    flagged: dict[str, float] = {}
    for row in rows:
        translator = labels.get(row["translator"], row["translator"])
        if row["chrf++"] != "":
            where = place(row["language"])
            where += ", multilingual set" if row["scope"] == "multi" else ""
            trips.setdefault(f"{translator}, {where}", {})[row["field"]] = row["chrf++"]
        trip = " round trip" if row["kind"] == "roundtrip" else ""
        flagged[f"{translator}{trip}, {place(row['scope'])}"] = 100 * row["quarantined"]
    height = 0.9 + 0.24 * max(len(trips), len(flagged), 2)
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, height), layout="constrained")
    for axes, names in ((left, list(trips)), (right, list(flagged))):
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(max(len(names), 1) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="y", visible=False)
    for shift, (name, colour) in enumerate(
        zip(FIELDS, (ROUND_TRIP[0], ROUND_TRIP[1]), strict=True)
    ):
        values = [found.get(name, 0.0) for found in trips.values()]
        heights = [row + 0.36 * (shift - 0.5) for row in range(len(trips))]
        left.barh(heights, values, 0.34, color=colour, label=name)
    if trips:
        handles, words = left.get_legend_handles_labels()
        key_above(figure, handles, words, 2, loc="outside lower left", handlelength=1)
    else:
        left.text(0.5, 0.5, "no round trip in this study", transform=left.transAxes, ha="center")
    left.set(title="Round trip against its source", xlabel="chrF++ (100 = the same text)")
    left.set_xlim(0, 100)
    right.barh(list(range(len(flagged))), list(flagged.values()), 0.6, color=TRANSLATED[1])
    for place_of, value in enumerate(flagged.values()):
        right.annotate(
            f"{value:.1f}", (value, place_of), (3, 0), textcoords="offset points", va="center"
        )
    right.set(title="Rows flagged or left out", xlabel="%")
    right.set_xlim(0, max([*flagged.values(), 1.0]) * 1.15)
    with atomic(figure_file) as temporary:
        figure.savefig(temporary, format="svg", metadata={"Date": None})
    plt.close(figure)
    enlarge(figure_file)
