"""Multiple imputation by chained equations: matched donors for numbers, drawn classes for the rest.

Each incomplete column is imputed in turn from all others, and the round is repeated. The caller
puts the outcome among the columns: without it, imputed predictors are too weakly related to it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import SeedSequence
from numpy.typing import ArrayLike, NDArray

from cartwheel.errors import NotEstimable, refuse
from cartwheel.stats.columns import float_array
from cartwheel.stats.imputation_data import ImputationData
from cartwheel.stats.kernels import _impute

Floats = NDArray[np.float64]

_NO_MEMORY, _TOO_FEW, _NOT_CONVERGED, _NOBODY_OBSERVED = range(1, 5)
_REASONS = {
    _TOO_FEW: ("too_few_observed", "fewer observed values than the imputation model has terms"),
    _NOT_CONVERGED: ("not_converged", "the imputation model did not converge"),
    _NOBODY_OBSERVED: ("nobody_observed", "no value is observed among the patients present"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Imputations:
    """Completed copies of a table, held as the imputed values alone.

    Parameters
    ----------
    data : ImputationData
        What was imputed.
    imputed : float array (m, t)
        For each imputation the t imputed values, column after column; category codes as given.
    chain_mean, chain_variance : float array (m, iterations, c)
        Of the imputed values of each of the c columns after each round, among patients present;
        0 for a complete column.
    """

    data: ImputationData
    imputed: Floats
    chain_mean: Floats
    chain_variance: Floats

    @property
    def m(self) -> int:
        """Number of imputations."""
        return len(self.imputed)

    def completed(self, imputation: int) -> Floats:
        """Give one completed copy.

        Parameters
        ----------
        imputation : int
            From 0.

        Returns
        -------
        float array (n, c)
            The columns handed over, without auxiliary ones, with no value missing.
        """
        return self.data.completed(self.imputed[imputation])


@dataclass(frozen=True, slots=True, eq=False)
class ChainConvergence:
    """Whether the chains of imputations have mixed, a value for each incomplete column.

    Parameters
    ----------
    columns : tuple of int
        Which columns.
    scale_reduction : float array (k,)
        Potential scale reduction of the chain means; near 1 when the chains have mixed.
    autocorrelation : float array (k,)
        Mean over chains of the correlation of neighbouring rounds; near 0 without a trend.
    """

    columns: tuple[int, ...]
    scale_reduction: Floats
    autocorrelation: Floats


def imputation_streams(seed: int | SeedSequence, imputations: int) -> NDArray[np.uint64]:
    """Spawn the random stream of each imputation.

    Parameters
    ----------
    seed : int or SeedSequence
        Of the whole run.
    imputations : int
        m >= 1.

    Returns
    -------
    uint64 array (m, 4)
        State of one generator an imputation; the k-th is the same whatever m.
    """
    root = seed if isinstance(seed, SeedSequence) else SeedSequence(seed)
    # a copy, since spawning advances the sequence that is handed over
    root = SeedSequence(root.entropy, spawn_key=root.spawn_key)
    return np.stack([child.generate_state(4, np.uint64) for child in root.spawn(imputations)])


def impute_fast(
    data: ImputationData,
    multiplicity: Floats | None,
    streams: NDArray[np.uint64],
    *,
    iterations: int = 5,
    donors: int = 5,
) -> tuple[Floats, Floats, Floats]:
    """Impute without checks of the arguments, for every resample.

    Parameters
    ----------
    data : ImputationData
        Prepared once.
    multiplicity : float array (n,), contiguous, or None
        How often each patient is present. One who is absent (0) is imputed by what the others
        taught, and teaches nothing.
    streams : uint64 array (m, 4)
        From ``imputation_streams``; left as it is.
    iterations, donors : int
        Rounds, and nearest donors of which one is drawn.

    Returns
    -------
    imputed, chain_mean, chain_variance : float arrays
        As in ``Imputations``, categories coded from 0.

    Raises
    ------
    NotEstimable
        ``too_few_observed``, ``nobody_observed`` or ``not_converged``, with the column.

    Notes
    -----
    Runs without the GIL; safe in several threads. All copies of a patient share one imputed value
    in each imputation; ``ImputationData.take`` imputes them apart.
    """
    m = len(streams)
    columns = data.values.shape[1]
    imputed = np.empty((m, data.missing.size))
    mean = np.zeros((m, iterations, columns))
    variance = np.zeros((m, iterations, columns))
    if data.missing.size == 0:
        return imputed, mean, variance
    status, column = _impute.chain(
        data.values,
        data.design,
        multiplicity,
        data.order,
        data.levels,
        data.first,
        data.used,
        data.centre,
        data.scale,
        data.missing,
        data.begin,
        iterations,
        donors,
        streams.copy(),
        imputed,
        mean,
        variance,
    )
    if status == _NO_MEMORY:
        raise MemoryError
    if status:
        code, what = _REASONS[status]
        raise refuse(
            NotEstimable,
            code,
            what,
            where=f"column {column}",
            mend="impute from fewer columns, or leave this one out",
        )
    return imputed, mean, variance


def chained_imputations(
    data: ImputationData,
    *,
    imputations: int = 20,
    iterations: int = 10,
    donors: int = 5,
    seed: int | SeedSequence,
    multiplicity: ArrayLike | None = None,
    threads: int = 1,
) -> Imputations:
    """Impute a table m times by chained equations.

    Parameters
    ----------
    data : ImputationData
        The table, prepared by ``imputation_data``, with the outcome among its columns: the event,
        and for survival also the Nelson-Aalen hazard at each patient's time.
    imputations : int
        m >= 1; at least the percentage of incomplete patients is a common rule.
    iterations : int
        Rounds of each chain, >= 1.
    donors : int
        Nearest donors of which one is drawn, >= 1.
    seed : int or SeedSequence
        Each imputation has its own stream, spawned from it, so that the result is the same bytes
        for any number of threads.
    multiplicity : array (n,), optional
        Resample: whole numbers >= 0; who is absent is imputed by the models of those present.
    threads : int
        Threads, >= 1.

    Returns
    -------
    Imputations

    Raises
    ------
    NotEstimable
        ``imputations`` for a number below 1, ``multiplicity`` for one that is no count, and what
        ``impute_fast`` refuses.

    Notes
    -----
    Columns are visited from the fewest to the most missing; where the pattern is monotone one
    round is enough. The chain starts from values drawn from those observed. A number is imputed by
    predictive mean matching of type 1: coefficients b and a draw b* from their posterior under a
    normal model with a flat prior and a ridge of 1e-5 of each sum of squares; the donor is drawn
    from the ``donors`` observed patients whose x b is nearest to the patient's x b*; ties at random
    (R ``mice.impute.pmm``). A category is drawn from a multinomial logistic model whose
    coefficients are drawn from the normal around their mode; rows of total weight p + 1 that stand
    half a standard deviation either side in each of p predictors, with the observed shares of the
    classes, keep it finite under perfect prediction. A donor of multiplicity k takes k places, so
    a resample gives what repeated rows give, in distribution. Random numbers differ from R's, so
    agreement with mice is in distribution: tests compare means within their Monte-Carlo error.

    References
    ----------
    Van Buuren S 2018, doi:10.1201/9780429492259. Little RJA 1988, doi:10.2307/1391878. Morris TP,
    White IR, Royston P 2014, doi:10.1186/1471-2288-14-75. White IR, Daniel R, Royston P 2010,
    doi:10.1016/j.csda.2010.04.005. Clogg CC et al 1991, doi:10.1080/01621459.1991.10475015.
    White IR, Royston P 2009, doi:10.1002/sim.3618 (Nelson-Aalen hazard).
    """
    if min(imputations, iterations, donors, threads) < 1:
        raise refuse(
            NotEstimable,
            "imputations",
            "imputations, iterations, donors and threads are whole numbers from 1 up",
        )
    counts = _counts(multiplicity, data.n)
    streams = imputation_streams(seed, imputations)
    parts = [part for part in np.array_split(streams, threads) if len(part)]

    def one(part: NDArray[np.uint64]) -> tuple[Floats, Floats, Floats]:
        return impute_fast(data, counts, part, iterations=iterations, donors=donors)

    if len(parts) == 1:
        found = [one(parts[0])]
    else:
        with ThreadPoolExecutor(max_workers=len(parts)) as pool:
            found = list(pool.map(one, parts))
    imputed, mean, variance = (np.concatenate(piece) for piece in zip(*found, strict=True))
    for array in (imputed, mean, variance):
        array.setflags(write=False)
    return Imputations(data, imputed, mean, variance)


def _counts(multiplicity: ArrayLike | None, n: int) -> Floats | None:
    if multiplicity is None:
        return None
    counts = np.asarray(float_array(multiplicity, "multiplicity"), order="C")
    if counts.shape != (n,) or not (np.isfinite(counts) & (counts >= 0.0)).all():
        raise refuse(
            NotEstimable, "multiplicity", "a multiplicity is negative, missing or too many"
        )
    if (counts != np.floor(counts)).any() or not counts.any():
        raise refuse(NotEstimable, "multiplicity", "multiplicities are whole numbers, not all 0")
    return counts


def convergence(imputations: Imputations) -> ChainConvergence:
    """Diagnose whether the chains have mixed, from the means of their imputed values.

    Parameters
    ----------
    imputations : Imputations
        Of at least 2 chains and 4 rounds.

    Returns
    -------
    ChainConvergence

    Raises
    ------
    NotEstimable
        ``too_short`` for fewer chains or rounds.

    Notes
    -----
    Over the t last rounds, half of all: B = t times the variance of the m chain averages, W = mean
    variance within a chain, and the scale reduction is sqrt(((t - 1) W / t + B / t) / W). With few
    rounds it exceeds 1 by chance; look for values that stay far above 1.2 as rounds are added.
    1 where a chain's means do not move at all.

    References
    ----------
    Gelman A, Rubin DB 1992, doi:10.1214/ss/1177011136.
    """
    m, rounds, _ = imputations.chain_mean.shape
    if m < 2 or rounds < 4:
        raise refuse(
            NotEstimable,
            "too_short",
            f"{m} chains of {rounds} rounds cannot show convergence",
            mend="at least 2 imputations of 4 iterations",
        )
    columns = tuple(int(v) for v in imputations.data.order)
    means = imputations.chain_mean[:, rounds // 2 :, list(columns)]
    t = means.shape[1]
    between = t * means.mean(axis=1).var(axis=0, ddof=1)
    within = means.var(axis=1, ddof=1).mean(axis=0)
    still = within <= 0.0
    safe = np.where(still, 1.0, within)
    reduction = np.where(still, 1.0, np.sqrt((t - 1.0) / t + between / t / safe))
    whole = imputations.chain_mean[:, :, list(columns)]
    gap = whole - whole.mean(axis=1, keepdims=True)
    squares = (gap**2).sum(axis=1)
    lagged = (gap[:, 1:] * gap[:, :-1]).sum(axis=1)
    moving = np.where(squares > 0.0, squares, 1.0)
    correlation = np.where(squares > 0.0, lagged / moving, 0.0).mean(axis=0)
    for array in (reduction, correlation):
        array.setflags(write=False)
    return ChainConvergence(columns, reduction, correlation)


def with_auxiliary(data: ImputationData, auxiliary: ArrayLike) -> ImputationData:
    """Put other values in the auxiliary columns, such as the hazard estimated in a resample.

    Parameters
    ----------
    data : ImputationData
        Prepared with as many auxiliary columns.
    auxiliary : float array (n, a)
        Complete and finite.

    Returns
    -------
    ImputationData
        Sharing all else.

    Raises
    ------
    NotEstimable
        ``auxiliary`` for another shape or a value not finite.
    """
    columns = float_array(auxiliary, "auxiliary")
    start = int(data.first[-1])
    if columns.shape != (data.n, data.design.shape[1] - start) or not np.isfinite(columns).all():
        raise refuse(NotEstimable, "auxiliary", "auxiliary columns of another shape, or incomplete")
    design = data.design.copy()
    design[:, start:] = (columns - data.centre[start:]) / data.scale[start:]
    design.setflags(write=False)
    return replace(data, design=design)
