"""Claims of several studies side by side, and their random-effects mean by language and benchmark.

The between-study variance is Paule and Mandel's, by statsmodels. The interval is Hartung's and Knapp's
(t with one degree of freedom less than there are studies), but never narrower than the usual one:
with few studies that happen to agree, theirs can be much too narrow.
"""

import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from ..bundle.checksums import wrong_files
from ..bundle.verify import RESULTS, STUDY
from ..correlate.claims import BENCHMARK, Claim, read_claims
from ..errors import InputError
from ..files import load_yaml

CLAIMS = "correlate/{source}/claims.json"
ALL, ALL_TESTS = "all languages", "all tests"
PERCENT = "%"
Row = dict[str, str | float | int | None]  # of the CSV
NEEDS = 2  # studies with a standard error, for a mean


class Key(NamedTuple):
    """What studies have in common; `language`: ALL where a claim is over its study's languages."""

    benchmark: str
    metric: str
    judge: str
    language: str
    scope: str
    first: str
    second: str
    unit: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """One study's difference, first minus second; the error is None for a study of one training each."""

    study: str
    key: Key
    estimate: float | None
    stderr: float | None
    low: float | None
    high: float | None
    verdict: str
    models: int
    items: int | None


@dataclass(frozen=True, slots=True)
class Pooled:
    """The random-effects mean of several studies; `tau`: standard deviation between studies.

    `i2`: share of the variance that lies between studies; `q_p`: p of no variance between them.
    """

    key: Key
    studies: int
    estimate: float
    stderr: float
    low: float
    high: float
    p: float
    tau: float
    i2: float
    q_p: float


def read_study(given: str, source: str = "study") -> list[Estimate]:
    """The claims about single tests of a bundle, a results folder or a claims.json: `[NAME=]PATH`.

    A bundle that is not as it was bundled is an `InputError`.
    """
    name, sign, rest = given.partition("=")
    path = Path(rest if sign else given)
    label = name if sign else None
    if (path / STUDY).is_file():
        if wrong := wrong_files(path):
            more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
            raise InputError(f"{path}: {wrong[0]}{more}; run verify on this bundle first")
        label = label or str(load_yaml(path / STUDY)["study"])
        path = path / RESULTS
    if path.is_dir():
        path = path / CLAIMS.format(source=source)
    if source != "study":
        label = source
    found = [estimate_of(label or str(given), one) for one in read_claims(path) if is_test(one)]
    return [*over_tests(found), *found]


def over_tests(found: Sequence["Estimate"]) -> "Iterator[Estimate]":
    """A study's mean over its tests in percent, by language: what studies with other tests share.

    The tests of a study share its models, by how much no claim says. The standard error is the mean of
    theirs, which is the largest that it can be.
    """
    groups: dict[Key, list[Estimate]] = {}
    for one in found:
        if one.key.unit == PERCENT and usable(one):
            key = one.key._replace(benchmark=ALL_TESTS, metric="", judge="")
            groups.setdefault(key, []).append(one)
    for key, own in groups.items():
        estimate = math.fsum(float(one.estimate or 0) for one in own) / len(own)
        stderr = math.fsum(float(one.stderr or 0) for one in own) / len(own)
        half = 1.96 * stderr
        models = min(one.models for one in own)
        yield Estimate(
            own[0].study, key, estimate, stderr, estimate - half, estimate + half, "", models, None
        )


def is_test(claim: Claim) -> bool:
    """Whether a claim compares training data on one test."""
    return claim.question == BENCHMARK and claim.estimate is not None


def estimate_of(study: str, claim: Claim) -> Estimate:
    """A claim as one study's contribution."""
    key = Key(
        claim.benchmark or "",
        claim.metric or "",
        claim.judge or "",
        claim.language or ALL,
        claim.scope,
        claim.first,
        claim.second,
        claim.unit,
    )
    return Estimate(
        study,
        key,
        claim.estimate,
        claim.stderr,
        claim.low,
        claim.high,
        claim.verdict,
        claim.models,
        claim.items,
    )


def together(studies: Sequence[Sequence[Estimate]]) -> list[Estimate]:
    """All estimates, tests together; a study that is given twice is an `InputError`."""
    names = [next(iter({one.study for one in study}), "") for study in studies]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InputError(
            f"merge: two studies are called '{twice}'; if they are two, name one: other={twice}…,"
            " and do not give one study twice"
        )
    found = [one for study in studies for one in study]
    order = list(dict.fromkeys(one.key for one in found))
    return sorted(found, key=lambda one: (order.index(one.key), names.index(one.study)))


def usable(estimate: Estimate) -> bool:
    """Whether an estimate has what a mean needs."""
    return estimate.estimate is not None and bool(estimate.stderr and estimate.stderr > 0)


def random_effects(key: Key, effects: Sequence[float], stderrs: Sequence[float]) -> Pooled:
    """The random-effects mean of at least two effects with their standard errors; 95% interval."""
    import numpy as np
    from scipy import stats
    from statsmodels.stats.meta_analysis import combine_effects

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of an i2 below 0, which is 0
        found = combine_effects(np.asarray(effects), np.asarray(stderrs) ** 2, method_re="pm")
    error = max(float(found.sd_eff_w_re), float(found.sd_eff_w_re_hksj))
    df = len(effects) - 1
    half = float(stats.t.ppf(0.975, df)) * error
    mean = float(found.mean_effect_re)
    return Pooled(
        key=key,
        studies=len(effects),
        estimate=mean,
        stderr=error,
        low=mean - half,
        high=mean + half,
        p=float(2 * stats.t.sf(abs(mean) / error, df)),
        tau=math.sqrt(max(0.0, float(found.tau2))),
        i2=max(0.0, float(found.i2)) if found.q > 0 else 0.0,
        q_p=float(stats.chi2.sf(float(found.q), df)),
    )


def pool(estimates: Iterable[Estimate]) -> list[Pooled]:
    """The mean of every test and language that at least two studies have with a standard error."""
    groups: dict[Key, list[Estimate]] = {}
    for one in estimates:
        if usable(one):
            groups.setdefault(one.key, []).append(one)
    return [
        random_effects(
            key, [float(one.estimate or 0) for one in own], [float(one.stderr or 0) for one in own]
        )
        for key, own in groups.items()
        if len(own) >= NEEDS
    ]


def table(estimates: Sequence[Estimate], pooled: Sequence[Pooled]) -> list[Row]:
    """One row per study and test, and after them the mean of the test."""
    means = {one.key: one for one in pooled}
    rows: list[Row] = []
    for key in dict.fromkeys(one.key for one in estimates):
        for one in (e for e in estimates if e.key == key):
            values = {k: v for k, v in asdict(one).items() if k != "key"}
            rows.append({**key._asdict(), **values})
        if mean := means.get(key):
            values = {k: v for k, v in asdict(mean).items() if k != "key"}
            rows.append({**key._asdict(), "study": "random-effects mean", **values})
    return rows
