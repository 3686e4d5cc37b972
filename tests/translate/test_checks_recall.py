"""The proof of the checks, in its short form: what is planted is seen, what is good passes."""

import sys

import pytest
from conftest import ROOT

sys.path.append(str(ROOT / "bench"))


@pytest.mark.slow
@pytest.mark.data
def test_recall_is_above_its_floors(shared, capsys):
    """Over all languages; one language alone has a dozen rows here."""
    import check_recall

    targets = ["es", "zh", "ar", "am", "ha", "ms", "ku", "sd", "wo", "ja", "pt"]
    options = [str(shared / "data"), "--rows", "12", "--targets", *targets]
    least, over_all = check_recall.main(options)
    for fault, floor in check_recall.FLOORS.items():
        assert over_all[fault] >= floor, (fault, over_all[fault])
        assert least[fault] >= floor - 25, (fault, least[fault])
    assert over_all["false recorded"] <= check_recall.MOST_FALSE
    assert over_all["false human"] <= check_recall.MOST_FALSE
    assert "least recall over the languages" in capsys.readouterr().out
