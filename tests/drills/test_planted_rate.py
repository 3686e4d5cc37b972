"""A study whose exchange rates are known, run for real: does the product find them?"""

import pytest
from conftest import ROOT, checkout, run_snakemake
from mothertongue.correlate.exchange import RATE
from mothertongue.correlate.exchange_rows import RateRow
from mothertongue.correlate.records import read_records
from mothertongue.report.exchange import number
from planted_rate import write

pytestmark = pytest.mark.long  # some minutes on two idle cores

RATES = {"whole": 1, "lossy": 4}  # translated rows per native row
TABLE = "results/correlate/study/exchange.csv"
PAGE = "results/report/study/exchange"
ROWS = 128  # native rows; both curves have sizes on either side


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The folder of the finished study."""
    folder = checkout(tmp_path_factory.mktemp("rate") / "study")
    path = write(folder, RATES)
    (folder / "planted/tasks").symlink_to(ROOT / "resources/demo/tasks")
    done = run_snakemake(TABLE, PAGE, "--cores", "2", "--configfile", path, cwd=folder)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    return folder


@pytest.fixture(scope="module")
def rates(study):
    """What the table says of so many native rows, by translator."""
    found = read_records(study / TABLE, RateRow)
    return {row.translator: row for row in found if row.rows == ROWS}


@pytest.mark.parametrize("translator", RATES)
def test_the_planted_rate_lies_in_a_closed_set_that_is_not_wide(rates, translator):
    found, planted = rates[translator], RATES[translator]
    assert found.verdict == RATE, found
    assert found.low <= planted <= found.high, found
    assert found.high <= 4 * found.low, found


def test_the_rates_are_told_apart(rates):
    whole, lossy = rates["whole"], rates["lossy"]
    assert whole.high < RATES["lossy"] and lossy.low > RATES["whole"], (whole, lossy)


def test_the_page_says_so(study, rates):
    page = (study / PAGE / "exchange.html").read_text(encoding="utf-8")
    for row in rates.values():
        worth = f"worth {number(row.low)} to {number(row.high)} translated rows"
        assert f"At {ROWS} native rows, one native row is {worth}" in page
