"""Cross-validation: each fold is predicted by a model made without it.

A fold may be a random part of the patients, or a cluster such as a centre or a year.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.columns import raw_array
from cartwheel.stats.distributed import Client, Progress, in_order
from cartwheel.stats.labels import coded_labels
from cartwheel.stats.resample import Model, Pipeline, default_threads, sealed, stacked, usable

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """Performance in the folds, and in the patients used to make each fold's model.

    Parameters
    ----------
    measures : tuple of str
        Names of the k measures.
    apparent : float array (k,)
        Of the model made on all patients, measured on all patients.
    training, test : float array (F, k)
        Of each usable fold's model, on the patients it was made from and on the fold; nan where a
        measure does not exist there.
    repeat, fold, size : int64 array (F,)
        Which repeat and fold a row is of, and the fold's patients.
    failures : tuple of (str, int)
        Reasons why folds could not be done, with counts.
    """

    measures: tuple[str, ...]
    apparent: Floats
    training: Floats
    test: Floats
    repeat: Integers
    fold: Integers
    size: Integers
    failures: tuple[tuple[str, int], ...]

    def tested(self, name: str) -> float:
        """Mean performance in the folds; nan where the measure exists in none."""
        column = self.test[:, self.measures.index(name)]
        column = column[np.isfinite(column)]
        return float(column.mean()) if column.size else float("nan")

    def corrected(self, name: str) -> float:
        """Apparent performance minus the mean of training minus test over the folds."""
        return float(np.mean(values)) if (values := self.by_repeat(name)).size else float("nan")

    def by_repeat(self, name: str) -> Floats:
        """Corrected performance of each repeat; their spread is the luck of the partition."""
        place = self.measures.index(name)
        difference = self.training[:, place] - self.test[:, place]
        there = np.isfinite(difference)
        repeats = np.unique(self.repeat[there])
        means = [float(difference[there & (self.repeat == one)].mean()) for one in repeats]
        corrected: Floats = float(self.apparent[place]) - np.array(means)
        return corrected


def fold_assignments(
    n: int, *, folds: int, repeats: int, seed: int, strata: ArrayLike | None = None
) -> Integers:
    """Part patients into folds at random, several times over.

    Parameters
    ----------
    n : int
        Patients.
    folds : int
        In 2..n; ten is usual, n is leave-one-out.
    repeats : int
        >= 1; one partition alone is luck.
    seed : int
        Seed; each repeat has its own stream.
    strata : array_like (n,), optional
        Labels, such as the event: each stratum is spread evenly over the folds.

    Returns
    -------
    int64 array (repeats, n)
        Fold 0..folds-1 of each patient; sizes differ by at most one (without strata).

    Raises
    ------
    NotEstimable
        Folds or repeats outside their range, or strata of another length or with gaps.
    """
    if not 2 <= folds <= n or repeats < 1:
        raise refuse(
            NotEstimable,
            "folds",
            f"{folds} folds and {repeats} repeats of {n} patients",
            mend="2 folds or more, no more than patients, and one repeat or more",
        )
    labels = np.zeros(n, dtype=np.int64)
    if strata is not None:
        labels = coded_labels(strata, n, "strata")[1]
    assigned = np.empty((repeats, n), dtype=np.int64)
    for row, stream in zip(assigned, np.random.SeedSequence(seed).spawn(repeats), strict=True):
        shuffled = np.random.Generator(np.random.PCG64(stream)).permutation(n)
        # strata in turn go on where the last one stopped, so that the folds stay even
        in_strata = shuffled[np.argsort(labels[shuffled], kind="stable")]
        row[in_strata] = np.arange(n) % folds
    return assigned


def cross_validation(
    pipeline: Pipeline[Model],
    assigned: ArrayLike,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
    workers: Client | None = None,
) -> CrossValidation:
    """Estimate the performance of a development by cross-validation.

    Parameters
    ----------
    pipeline : Pipeline
        ``fit`` and ``measure``; safe to call from several threads at once.
    assigned : array_like of int (repeats, n) or (n,)
        Fold of each patient in each repeat: ``fold_assignments``.
    threads, progress, workers
        As in ``bootstrap_optimism``.

    Returns
    -------
    CrossValidation
        A row for each fold of each repeat.

    Raises
    ------
    NotEstimable
        When the model cannot be made on all patients, or without any of the folds; fewer than two
        folds in a repeat, or folds that are not whole numbers.

    Notes
    -----
    corrected = apparent - mean over folds of (training - test), as R ``rms::validate`` (method
    "crossvalidation"), agreed with within Monte-Carlo error. A measure of discrimination is taken
    within a fold: folds of a few events make it noisy.

    References
    ----------
    Stone M 1974, doi 10.1111/j.2517-6161.1974.tb00994.x. Steyerberg EW et al. 2001,
    doi 10.1016/S0895-4356(01)00341-9.
    """
    table = np.atleast_2d(raw_array(assigned, "assigned"))
    n = table.shape[1]
    if table.dtype.kind not in "iu" or n < 2:
        raise refuse(
            NotEstimable,
            "folds",
            "folds need a whole number for each of two patients or more",
            mend="fold_assignments makes them",
        )
    pieces = [(row, int(fold)) for row in range(len(table)) for fold in np.unique(table[row])]
    if any(np.ptp(row) == 0 for row in table):
        raise refuse(NotEstimable, "folds", "a repeat has only one fold", mend="two or more")
    everyone = np.ones(n)
    apparent = pipeline.measure(pipeline.fit(everyone), everyone)

    def one(index: int) -> tuple[Floats, Floats] | str:
        row, fold = pieces[index]
        inside = (table[row] == fold).astype(np.float64)
        try:
            model = pipeline.fit(1.0 - inside)
        except NotEstimable as reason:
            return reason.problems[0].code
        return pipeline.measure(model, 1.0 - inside), pipeline.measure(model, inside)

    outcomes = in_order(
        one,
        len(pieces),
        threads=threads or default_threads(n),
        progress=progress,
        workers=workers,
    )
    done, failures = usable(outcomes)
    made = [pieces[i] for i, outcome in enumerate(outcomes) if not isinstance(outcome, str)]
    sizes = [int(np.count_nonzero(table[row] == fold)) for row, fold in made]
    marks = [
        np.array(column, dtype=np.int64)
        for column in ([row for row, _ in made], [fold for _, fold in made], sizes)
    ]
    for column in marks:
        column.setflags(write=False)
    return CrossValidation(
        measures=tuple(pipeline.measures),
        apparent=sealed(apparent),
        training=stacked([row[0] for row in done], len(apparent)),
        test=stacked([row[1] for row in done], len(apparent)),
        repeat=marks[0],
        fold=marks[1],
        size=marks[2],
        failures=failures,
    )


def leave_one_cluster_out(
    pipeline: Pipeline[Model],
    cluster: ArrayLike,
    *,
    threads: int | None = None,
    progress: Progress | None = None,
    workers: Client | None = None,
) -> tuple[tuple[object, ...], CrossValidation]:
    """Measure in each cluster the model made from all others (internal-external validation).

    Parameters
    ----------
    pipeline : Pipeline
        ``fit`` and ``measure``; safe to call from several threads at once.
    cluster : array_like (n,)
        Label of each patient's centre, country or year; two labels or more, none missing.
    threads, progress, workers
        As in ``bootstrap_optimism``.

    Returns
    -------
    tuple of (tuple, CrossValidation)
        The labels, rising, and the result; ``fold`` holds positions among the labels.

    Raises
    ------
    NotEstimable
        As ``cross_validation``; labels that are missing.

    Notes
    -----
    What varies from cluster to cluster is how well the score travels: show each cluster, with its
    size, rather than the mean alone.

    References
    ----------
    Royston P, Parmar MKB, Sylvester R 2004, doi 10.1002/sim.1691. Steyerberg EW, Harrell FE 2016,
    doi 10.1016/j.jclinepi.2015.04.005.
    """
    labels, place = coded_labels(cluster, raw_array(cluster, "cluster").size, "cluster")
    found = cross_validation(pipeline, place, threads=threads, progress=progress, workers=workers)
    return labels, found
