"""A study whose exchange rates are known, run for real: does the product find them?"""

import re

import pytest
from conftest import ROOT, checkout, run_snakemake
from mothertongue.correlate.exchange import RATE
from mothertongue.correlate.exchange_rows import RateRow
from mothertongue.correlate.records import read_records
from planted_rate import write

pytestmark = pytest.mark.long  # some minutes on two idle cores

RATES = {"whole": 1, "lossy": 4}  # translated rows per native row
TABLE = "results/correlate/study/exchange.csv"
PAGE = "results/report/study/exchange"
ROWS = (96, 192)  # the sizes inside the curves


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
    """The table's rows by translator and number of native rows."""
    return {(row.translator, row.rows): row for row in read_records(study / TABLE, RateRow)}


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("translator", RATES)
def test_the_planted_rate_lies_in_a_closed_set_that_is_not_wide(rates, translator, rows):
    found, planted = rates[translator, rows], RATES[translator]
    assert found.verdict == RATE, found
    assert found.low <= planted <= found.high, found
    assert planted / 4 <= found.low and found.high <= 4 * planted, found


@pytest.mark.parametrize("rows", ROWS)
def test_the_rates_are_told_apart(rates, rows):
    whole, lossy = rates["whole", rows], rates["lossy", rows]
    assert whole.high < RATES["lossy"] and lossy.low > RATES["whole"], (whole, lossy)
