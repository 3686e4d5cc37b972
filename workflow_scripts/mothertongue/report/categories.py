"""Categories of the report, numbered in the order of the paper's questions.

One digit each: the report sorts them as text. The published study has one category of its own in
the report of another study, with the questions as sub-categories.
"""

from ..correlate.facts import Facts

SENTENCES = "0 The answer"
GAP = "1 Is there a gap?"
NOTICE = "2 Would this benchmark notice?"
OBVIOUS = "3 When is the gap obvious?"
CAUSE = "4 What causes the gap?"
BRIDGE = "5 Can the gap be closed?"
ANSWERS = "6 Answers and judges"
BESIDE = "7 Ours beside published"
PROVENANCE = "8 Training, costs and provenance"
PUBLISHED = "9 The published study"


def category(facts: Facts, question: str, topic: str) -> tuple[str, str]:
    """Category and sub-category of an item; `topic` is the sub-category in a study's own pages."""
    return (PUBLISHED, question) if facts.is_published else (question, topic)
