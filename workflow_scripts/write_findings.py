"""Word the claims: findings.json, screen one of the report, its forest plot, and every sentence.

findings.json is a list of `{sentence, claim, section, first_page}`; `claim` is an entry of claims.json.
"""

from pathlib import Path

from mothertongue.correlate.amounts import read_amounts
from mothertongue.correlate.averages import open_scores
from mothertongue.correlate.claims import read_claims, to_json
from mothertongue.files import write_json
from mothertongue.process.log import log_to
from mothertongue.report.categories import SENTENCES, category
from mothertongue.report.citing import TITLE as CITING
from mothertongue.report.citing import citing_page
from mothertongue.report.differences import by_language, differences_page
from mothertongue.report.figures import ItemFolder
from mothertongue.report.findings import (
    LOOK,
    QUESTION,
    TITLE,
    every_sentence,
    facts_words,
    find_all,
    for_first_page,
    missing_words,
)
from mothertongue.report.first_page import arrange, bars_of, first_page_html, first_sentences
from mothertongue.report.forest import draw_forest
from mothertongue.report.page import document, introduction
from mothertongue.report.sections import OPENINGS, TOPIC, section_page
from mothertongue.report.sentences import Names
from mothertongue.report.together import together


def main(
    *, scores: Path, about: Path, claims: Path, folder: Path, differences: Path | None = None
) -> None:
    """Write the findings of one source; `differences`: what else differed between its conditions."""
    cells = open_scores(scores, about)
    stated = read_claims(claims)
    trained = read_amounts(differences)
    names = Names(cells)
    findings = find_all(stated, names)
    page = for_first_page(cells, stated, findings)
    screen = arrange(page.claims, cells.languages())
    first = first_sentences(page.findings)
    facts, every = facts_words(page.cells, page.claims), facts_words(cells, stated)
    shown = first_page_html(
        screen,
        cells,
        together(first, names),
        title=TITLE,
        look=LOOK,
        facts=facts,
        differences=by_language(trained, cells),
        missing=missing_words(page.cells, screen),
    )
    made = ItemFolder(folder)
    where = category(cells.facts, SENTENCES, "The answer")
    labels = {"languages": ", ".join(cells.languages())}
    caption = f"{QUESTION} {LOOK} {facts}"
    made.write("screen.fragment", shown)
    made.write("answer.html", document(TITLE, shown))
    made.enter("answer.html", where, {"item": "The answer", **labels, "form": "table"}, caption)
    bars = bars_of(screen, cells)
    if bars:
        made.write("forest.svg", draw_forest(bars))
        made.enter("forest.svg", where, {"item": "The answer", **labels, "form": "figure"}, caption)
    head = introduction("Every sentence", QUESTION, LOOK, every)
    made.write(
        "findings.html", document("Every sentence", f"{head}\n{every_sentence(findings, names)}")
    )
    told = f"{QUESTION} {LOOK} {every}"
    made.enter("findings.html", where, {"item": "Every sentence", **labels, "form": "text"}, told)
    for section, opening in OPENINGS.items():
        shown = section_page(section, findings, names)
        if shown:
            made.write(f"{opening.name}.html", shown)
            made.enter(
                f"{opening.name}.html",
                category(cells.facts, section, TOPIC),
                {"item": TOPIC, **labels, "form": "page"},
                f"{opening.question} {every}",
            )
    apart = differences_page(trained, cells)
    if apart is not None:
        made.add_page(apart)
    write_json(
        made.temporary / "findings.json",
        [
            {
                "sentence": finding.sentence,
                "claim": to_json(finding.claim),
                "section": finding.section,
                "first_page": finding in first,
            }
            for finding in findings
        ],
    )
    files = {
        "scores.csv": (scores, "every score of every model, condition, test, language and seed"),
        "claims.json": (claims, "every comparison with its verdict, interval and p"),
        "findings.json": (made.temporary / "findings.json", "every sentence and its claim"),
    }
    made.write("citing.html", citing_page(files))
    made.enter(
        "citing.html", where, {"item": CITING, **labels, "form": "page"}, f"{CITING}. {facts}"
    )
    made.finish()


if "snakemake" in globals():
    with log_to(snakemake.log[0]):
        differs = snakemake.input.get("differences")
        main(
            scores=Path(snakemake.input.scores),
            about=Path(snakemake.input.about),
            claims=Path(snakemake.input.claims),
            differences=Path(differs) if differs else None,
            folder=Path(snakemake.output[0]),
        )
