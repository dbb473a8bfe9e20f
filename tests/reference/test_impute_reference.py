"""Chained equations against R mice 3.15.0: other random numbers, the same distribution.

``mice/make.R`` made ``mice/mice.json``: means and variances over several hundred imputations.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from cartwheel.stats.imputation_data import imputation_data
from cartwheel.stats.impute import Imputations, chained_imputations, convergence
from cartwheel.stats.logistic import logistic_coefficients

MICE = json.loads((Path(__file__).parent / "mice" / "mice.json").read_text(encoding="utf-8"))
M = 400


def nhanes(folder: Path) -> tuple[Imputations, tuple[int, ...]]:
    table = pd.read_csv(folder / "data/reference/nhanes.csv").to_numpy(float)
    return chained_imputations(imputation_data(table), imputations=M, seed=1), (1, 2, 3)


def pbc(folder: Path) -> tuple[Imputations, tuple[int, ...]]:
    p = pd.read_csv(folder / "data/reference/pbc.csv")
    table = np.column_stack(
        [
            p.age,
            np.log(p.bili),
            p.albumin,
            p.chol,
            p.copper,
            p.platelet,
            p.hepato,
            (p.status == 2).astype(float),
            np.log(p.time),
        ]
    )
    kinds = ["number"] * 6 + ["binary", "number", "number"]
    data = imputation_data(table, kinds=kinds)
    return chained_imputations(data, imputations=M, seed=2, threads=2), (3, 4, 5, 6)


def coefficients(name: str, table: NDArray[np.float64]) -> NDArray[np.float64]:
    if name == "nhanes":
        design = np.column_stack([np.ones(len(table)), table[:, 0], table[:, 1]])
        return np.linalg.lstsq(design, table[:, 3], rcond=None)[0]
    found, converged = logistic_coefficients(table[:, [0, 1, 3, 6]], table[:, 7])
    assert converged
    return found


def close_in_mean(
    ours: NDArray[np.float64], theirs: dict[str, Any], name: str, m: int
) -> NDArray[np.float64]:
    """Difference of the means in Monte-Carlo standard errors of both sides."""
    error = np.sqrt(ours.var(axis=0, ddof=1) / len(ours) + np.array(theirs[f"{name}_variance"]) / m)
    return np.abs(ours.mean(axis=0) - theirs[name]) / error


@pytest.mark.parametrize("name", ["nhanes", "pbc"])
def test_as_mice_in_distribution(name: str, shared: Path) -> None:
    found, columns = {"nhanes": nhanes, "pbc": pbc}[name](shared)
    theirs = MICE[name]
    m = theirs["m"][0] if isinstance(theirs["m"], list) else theirs["m"]
    spans = [slice(found.data.begin[c], found.data.begin[c + 1]) for c in columns]
    means = np.column_stack([found.imputed[:, span].mean(axis=1) for span in spans])
    spreads = np.column_stack([found.imputed[:, span].std(axis=1, ddof=1) for span in spans])
    fits = np.array([coefficients(name, found.completed(k)) for k in range(found.m)])
    for ours, what in ((means, "mean"), (spreads, "sd"), (fits, "coef")):
        # both sides are Monte Carlo: 4 of their joint standard errors
        assert close_in_mean(ours, theirs, what, m).max() < 4.0, what
        # a log variance ratio has variance about 2 / (m - 1) + 2 / (M - 1), more for heavy tails:
        # 5 of those, so that between-imputation variance cannot be off by half
        ratio = np.log(ours.var(axis=0, ddof=1) / np.array(theirs[f"{what}_variance"]))
        assert np.abs(ratio).max() < 5.0 * np.sqrt(2.0 / (m - 1) + 2.0 / (M - 1)), what
    assert convergence(found).scale_reduction.max() < 1.1


def test_completed_tables_keep_what_was_observed(shared: Path) -> None:
    found, _ = nhanes(shared)
    table = pd.read_csv(shared / "data/reference/nhanes.csv").to_numpy(float)
    seen = ~np.isnan(table)
    for k in (0, M - 1):
        done = found.completed(k)
        np.testing.assert_array_equal(done[seen], table[seen])
        for column in range(table.shape[1]):
            # matched values are values that occur
            assert np.isin(done[:, column], table[seen[:, column], column]).all()
