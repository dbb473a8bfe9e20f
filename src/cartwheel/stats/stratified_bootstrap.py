"""Bootstrap within strata, and of whole clusters, with the same engine as the plain bootstrap."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.columns import raw_array
from cartwheel.stats.distributed import Client, Progress, in_order
from cartwheel.stats.labels import coded_labels
from cartwheel.stats.resample import (
    Draw,
    Model,
    Optimism,
    Pipeline,
    Repeat,
    default_threads,
    optimism_of_draws,
)

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def stratified_multiplicities(strata: ArrayLike, seed: int, resamples: int) -> Draw:
    """Make the function that draws patients within strata.

    Parameters
    ----------
    strata : array_like (n,)
        Labels, such as the event or the centre.
    seed, resamples : int
        As in ``resample_multiplicities``.

    Returns
    -------
    function of int
        Resample b as float array (n,): whole numbers that sum to each stratum's size in it.

    Raises
    ------
    NotEstimable
        Nobody, or labels that are missing or not one a patient.
    """
    members = _members(strata, "strata")
    streams = np.random.SeedSequence(seed).spawn(resamples)
    n = sum(part.size for part in members)

    def draw(index: int) -> Floats:
        generator = np.random.Generator(np.random.PCG64(streams[index]))
        drawn = [part[generator.integers(0, part.size, part.size)] for part in members]
        return np.bincount(np.concatenate(drawn), minlength=n).astype(np.float64)

    return draw


def cluster_multiplicities(cluster: ArrayLike, seed: int, resamples: int) -> Draw:
    """Make the function that draws whole clusters.

    Parameters
    ----------
    cluster : array_like (n,)
        Labels; all rows of a label are drawn together.
    seed, resamples : int
        As in ``resample_multiplicities``.

    Returns
    -------
    function of int
        Resample b as float array (n,): the same whole number for all rows of a cluster. The numbers
        sum to n only where the clusters are equal in size.

    Raises
    ------
    NotEstimable
        Nobody, or labels that are missing or not one a patient.
    """
    members = _members(cluster, "cluster")
    place = np.empty(sum(part.size for part in members), dtype=np.int64)
    for position, part in enumerate(members):
        place[part] = position
    streams = np.random.SeedSequence(seed).spawn(resamples)
    k = len(members)

    def draw(index: int) -> Floats:
        generator = np.random.Generator(np.random.PCG64(streams[index]))
        counts = np.bincount(generator.integers(0, k, k), minlength=k)
        return counts[place].astype(np.float64)

    return draw


def stratified_optimism(
    pipeline: Pipeline[Model],
    *,
    strata: ArrayLike,
    resamples: int,
    seed: int,
    threads: int | None = None,
    progress: Progress | None = None,
    workers: Client | None = None,
) -> Optimism:
    """Estimate optimism with patients drawn within strata.

    With the event as stratum no resample runs out of events, which saves developments with few of
    them; the prevalence is then taken as known.

    Parameters
    ----------
    pipeline : Pipeline
        As in ``bootstrap_optimism``.
    strata : array_like (n,)
        Labels.
    resamples, seed, threads, progress, workers
        As in ``bootstrap_optimism``.

    Returns
    -------
    Optimism
        As ``bootstrap_optimism``.

    Raises
    ------
    NotEstimable
        As ``bootstrap_optimism`` and ``stratified_multiplicities``.

    Notes
    -----
    As R ``rms::validate(group = )``.

    References
    ----------
    Davison AC, Hinkley DV 1997, Bootstrap Methods and their Application, Cambridge, section 3.2.
    """
    return optimism_of_draws(
        pipeline,
        stratified_multiplicities(strata, seed, resamples),
        n=np.asarray(strata).size,
        resamples=resamples,
        run=_runner(np.asarray(strata).size, threads, progress, workers),
    )


def cluster_optimism(
    pipeline: Pipeline[Model],
    *,
    cluster: ArrayLike,
    resamples: int,
    seed: int,
    threads: int | None = None,
    progress: Progress | None = None,
    workers: Client | None = None,
) -> Optimism:
    """Estimate optimism with whole clusters drawn: rows of one patient, patients of one centre.

    Parameters
    ----------
    pipeline : Pipeline
        As in ``bootstrap_optimism``.
    cluster : array_like (n,)
        Labels; some dozens of them, or the resamples vary too little.
    resamples, seed, threads, progress, workers
        As in ``bootstrap_optimism``.

    Returns
    -------
    Optimism
        As ``bootstrap_optimism``.

    Raises
    ------
    NotEstimable
        As ``bootstrap_optimism`` and ``cluster_multiplicities``.

    Notes
    -----
    As R ``rms::validate(cluster = )``.

    References
    ----------
    Davison AC, Hinkley DV 1997, Bootstrap Methods and their Application, Cambridge, section 3.8.
    """
    return optimism_of_draws(
        pipeline,
        cluster_multiplicities(cluster, seed, resamples),
        n=np.asarray(cluster).size,
        resamples=resamples,
        run=_runner(np.asarray(cluster).size, threads, progress, workers),
    )


def _runner(
    n: int, threads: int | None, progress: Progress | None, workers: Client | None
) -> Callable[[Callable[[int], Repeat], int], list[Repeat]]:
    def run(one: Callable[[int], Repeat], count: int) -> list[Repeat]:
        return in_order(
            one, count, threads=threads or default_threads(n), progress=progress, workers=workers
        )

    return run


def _members(labels: ArrayLike, where: str) -> list[Integers]:
    """Patients of each label, labels rising."""
    given = raw_array(labels, "strata")
    if given.size == 0:
        raise refuse(NotEstimable, "no_patient", "there is nobody to draw", where=where)
    _, place = coded_labels(given, given.size, where)
    order = np.argsort(place, kind="stable").astype(np.int64)
    return np.split(order, np.cumsum(np.bincount(place))[:-1])
