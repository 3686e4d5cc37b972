"""The group of a benchmark that names none: what its task tests, by the catalogue for lm-eval's tasks."""

import pytest
from mothertongue.study.catalogue import read_catalogue
from mothertongue.study.groups import group_of

ES = {"languages": ["es"]}


@pytest.mark.parametrize(
    ("benchmark", "group"),
    [
        ({"task": "xquad"}, "reading"),
        ({"task": "belebele_{language}", "codes": {"es": "spa_Latn"}}, "reading"),
        ({"task": "belebele_spa_Latn"}, "reading"),
        ({"task": "xcopa_{language}"}, "reasoning"),
        ({"task": "arabicmmlu"}, "knowledge"),
        ({"task": "my_own_task"}, "other tests"),
    ],
)
def test_a_task_has_the_group_of_what_it_tests(benchmark, group):
    assert group_of({**ES, **benchmark}) == group


def test_most_of_the_catalogue_has_a_group():
    tests = [next(iter(languages.values())) for languages in read_catalogue().values()]
    without = [t.name for t in tests if group_of({**ES, "task": t.pattern}) == "other tests"]
    assert len(without) < len(tests) / 4, without
