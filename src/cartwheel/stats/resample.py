"""The one resampling engine: re-run a whole development, and measure what it loses.

It takes two functions. ``fit`` develops a model on a resample given as multiplicities of the
patients; ``measure`` says how well a model does on such a sample. Everything a development learns
from the outcome must happen inside ``fit``.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.distributed import Client, Progress, in_order
from cartwheel.stats.kernels._resample import count_draws

Floats = NDArray[np.float64]
Model = TypeVar("Model")
Row = TypeVar("Row")
# training, test and traced choices of a resample, or why it failed
Repeat = tuple[Floats, Floats, Floats] | str
Draw = Callable[[int], Floats]

# below this many patients a kernel call is so short that threads only wait for one another
THREADS_FROM = 1000
# what 32 bits hold
_MOST = 2**32 - 1


class Pipeline(Protocol[Model]):
    """A development that can be repeated: what the engine needs to know of it."""

    @property
    def measures(self) -> Sequence[str]:
        """Names of the performance measures."""

    @property
    def traced(self) -> Sequence[str]:
        """Names of the recorded choices."""

    def fit(self, multiplicity: Floats) -> Model:
        """Develop on the resample; raise NotEstimable where that cannot be done."""

    def measure(self, model: Model, multiplicity: Floats) -> Floats:
        """Performance of the model on the sample; nan for a measure it has none of."""

    def trace(self, model: Model) -> Floats:
        """Record what the model chose: cut-offs, selected variables."""


@dataclass(frozen=True, slots=True)
class Optimism:
    """What repeating a development in bootstrap resamples found.

    Parameters
    ----------
    measures : tuple of str
        Names of the k measures.
    traced : tuple of str
        Names of the t traced choices.
    apparent : float array (k,)
        Of the model made on all patients, measured on all patients.
    training, test : float array (B', k)
        Of each resample's model, measured in its resample and on all patients; a row for each of
        the B' resamples that could be developed, in the order of their streams.
    trace : float array (B', t)
        What each resample's model chose.
    choices : float array (t,)
        What the model made on all patients chose.
    resamples : int
        Drawn (B).
    failures : tuple of (str, int)
        Reasons why resamples could not be developed, with counts; they are left out, and shown.
    """

    measures: tuple[str, ...]
    traced: tuple[str, ...]
    apparent: Floats
    training: Floats
    test: Floats
    trace: Floats
    choices: Floats
    resamples: int
    failures: tuple[tuple[str, int], ...]

    @property
    def failed(self) -> int:
        """Resamples that could not be developed."""
        return self.resamples - len(self.training)

    def optimism(self, name: str) -> Floats:
        """Training minus test performance of one measure, a value for each usable resample.

        Resamples in which the measure does not exist (nan on either side) are left out.
        """
        column = self.measures.index(name)
        difference: Floats = self.training[:, column] - self.test[:, column]
        return difference[np.isfinite(difference)]

    def spread(self, name: str) -> Floats:
        """Training performance of each usable resample, minus its mean over the resamples.

        Added to an estimate it makes a bootstrap interval around that estimate. The mean is taken
        off because a model made on a resample is optimistic on it a second time: percentiles of the
        training performance itself would sit beside the apparent value, not around it.
        """
        column = self.measures.index(name)
        both = np.isfinite(self.training[:, column]) & np.isfinite(self.test[:, column])
        training: Floats = self.training[both, column]
        if not len(training):
            return training
        centred: Floats = training - training.mean()
        return centred


def resample_multiplicities(n: int, seed: int, resamples: int) -> Callable[[int], Floats]:
    """Make the function that gives resample ``b`` as multiplicities of n patients.

    Parameters
    ----------
    n : int
        Patients.
    seed : int
        Seed of the whole run.
    resamples : int
        Number of streams; each has its own, spawned from the seed, so that a resample is the same
        whichever thread or worker draws it.

    Returns
    -------
    function of int
        Float array (n,), non-negative whole numbers that sum to n.

    Raises
    ------
    NotEstimable
        ``resample_range``: nobody, a negative seed, or more than 2**32 - 1 of either.

    Notes
    -----
    Stream b is that of numpy's ``PCG64(SeedSequence(seed).spawn(resamples)[b])``, and the rows are
    those of its ``integers(0, n, n)`` in numpy 2, whichever numpy is installed.
    """
    seed = int(seed)
    if not 1 <= n <= _MOST or seed < 0 or resamples > _MOST:
        raise refuse(
            NotEstimable,
            "resample_range",
            f"{resamples} resamples of {n} patients cannot be drawn from seed {seed}",
            mend="at least one patient, and a seed of 0 or more",
        )
    # 32 bits at a time, as numpy.random.SeedSequence takes them
    words = np.array([seed >> at & _MOST for at in range(0, max(seed.bit_length(), 1), 32)])
    key = words.astype(np.uint32)

    def draw(index: int) -> Floats:
        counts = np.zeros(n)
        count_draws(key, index, counts)
        return counts

    return draw


def bootstrap_optimism(
    pipeline: Pipeline[Model],
    *,
    n: int,
    resamples: int,
    seed: int,
    threads: int | None = None,
    progress: Progress | None = None,
    workers: Client | None = None,
) -> Optimism:
    """Estimate the optimism of a development by repeating all of it in bootstrap resamples.

    For each resample b the pipeline is run on the resample and its model is measured there
    (training) and on all patients (test). Optimism is the mean of training minus test, and
    corrected performance is apparent minus optimism.

    Parameters
    ----------
    pipeline : Pipeline
        ``fit``, ``measure`` and ``trace``; safe to call from several threads at once.
    n : int
        Patients, >= 2.
    resamples : int
        B >= 0. With 0 only the apparent performance is measured.
    seed : int
        Seed; the same seed gives the same result for any number of threads.
    threads : int, optional
        Threads; by default :func:`default_threads`.
    progress : function of (int, int), optional
        Called with resamples done and drawn.
    workers : dask.distributed.Client, optional
        A cluster that does the work instead of threads, with the same result. Its workers need the
        same version of cartwheel, and get a copy of the pipeline.

    Returns
    -------
    Optimism
        Apparent, training and test performance and traced choices.

    Raises
    ------
    NotEstimable
        When the model cannot be made on all patients, or in none of the resamples.

    Notes
    -----
    corrected = apparent - mean_b(training_b - test_b), as ``rms::validate`` (method "boot"), to
    Monte-Carlo error. A resample that cannot be developed is counted under its reason and left out.

    References
    ----------
    Efron B, Gong G 1983, doi 10.1080/00031305.1983.10483087. Harrell FE 2015,
    doi 10.1007/978-3-319-19425-7.
    """
    draw = resample_multiplicities(n, seed, resamples)

    def run(one: Callable[[int], Repeat], count: int) -> list[Repeat]:
        return in_order(
            one, count, threads=threads or default_threads(n), progress=progress, workers=workers
        )

    return optimism_of_draws(pipeline, draw, n=n, resamples=resamples, run=run)


def optimism_of_draws(
    pipeline: Pipeline[Model],
    draw: Draw,
    *,
    n: int,
    resamples: int,
    run: Callable[[Callable[[int], Repeat], int], list[Repeat]],
) -> Optimism:
    """Estimate optimism over resamples drawn in any way: the engine behind every bootstrap.

    Parameters
    ----------
    pipeline : Pipeline
        As in ``bootstrap_optimism``.
    draw : function of int
        Resample b as multiplicities (n,).
    n, resamples : int
        Patients, and B >= 0.
    run : function
        Does pieces of work 0 to B - 1 and gives their outcomes in order: ``in_order``.

    Returns
    -------
    Optimism
        As ``bootstrap_optimism``.

    Raises
    ------
    NotEstimable
        When the model cannot be made on all patients, or in none of the resamples.
    """
    everyone = np.ones(n)
    model = pipeline.fit(everyone)
    apparent = pipeline.measure(model, everyone)
    choices = pipeline.trace(model)

    def one(index: int) -> Repeat:
        multiplicity = draw(index)
        try:
            resampled = pipeline.fit(multiplicity)
        except NotEstimable as reason:
            return reason.problems[0].code
        return (
            pipeline.measure(resampled, multiplicity),
            pipeline.measure(resampled, everyone),
            pipeline.trace(resampled),
        )

    done, failures = usable(run(one, resamples))
    return Optimism(
        measures=tuple(pipeline.measures),
        traced=tuple(pipeline.traced),
        apparent=sealed(apparent),
        training=stacked([row[0] for row in done], len(apparent)),
        test=stacked([row[1] for row in done], len(apparent)),
        trace=stacked([row[2] for row in done], len(choices)),
        choices=sealed(choices),
        resamples=resamples,
        failures=failures,
    )


def usable(outcomes: Sequence[Row | str]) -> tuple[list[Row], tuple[tuple[str, int], ...]]:
    """Part what was repeated from the reasons why it could not be.

    Parameters
    ----------
    outcomes : sequence
        Of each resample; a word where it failed.

    Returns
    -------
    tuple of (list, tuple of (str, int))
        The outcomes in order, and reasons with counts.

    Raises
    ------
    NotEstimable
        ``no_resample`` where there are outcomes and all failed.
    """
    done = [outcome for outcome in outcomes if not isinstance(outcome, str)]
    if outcomes and not done:
        raise refuse(
            NotEstimable,
            "no_resample",
            f"the development could not be repeated in any of {len(outcomes)} resamples",
            mend="fewer predictors or fixed cut-offs; this many events cannot carry the plan",
        )
    reasons = Counter(outcome for outcome in outcomes if isinstance(outcome, str))
    return done, tuple(sorted(reasons.items()))


def default_threads(n: int) -> int:
    """Threads that help with so many patients: one in a small cohort, else one a processor.

    Parameters
    ----------
    n : int
        Patients, 0 or more.

    Returns
    -------
    int
        1 below ``THREADS_FROM`` (1000) patients, else the processors this process may use.
    """
    if n < THREADS_FROM:
        return 1
    if hasattr(os, "sched_getaffinity"):  # not on Windows and macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def stacked(rows: Sequence[Floats], width: int) -> Floats:
    """Put rows under one another, read-only.

    Parameters
    ----------
    rows : sequence of float array (width,)
        May be empty.
    width : int
        Columns.

    Returns
    -------
    float array (rows, width)
    """
    return sealed(np.vstack(rows) if rows else np.empty((0, width)))


def sealed(values: Floats) -> Floats:
    """Make an array read-only.

    Parameters
    ----------
    values : float array
        Changed in place.

    Returns
    -------
    float array
        The same array.
    """
    values.setflags(write=False)
    return values
