"""Methods and results as a paper prints them, with the references they cite."""

from __future__ import annotations

from dataclasses import dataclass

from cartwheel.pooling.account.methods import methods_of
from cartwheel.pooling.account.results import results_of
from cartwheel.pooling.account.works import Citations
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.result import Pool


@dataclass(frozen=True, slots=True)
class Paragraphs:
    """The words of a pool.

    Parameters
    ----------
    methods, results : tuple of str
        A paragraph an item.
    references : tuple of str
        What they cite, once each, in order of first mention.
    """

    methods: tuple[str, ...]
    results: tuple[str, ...]
    references: tuple[str, ...]


def paragraphs(pool: Pool, plan: PoolPlan) -> Paragraphs:
    """Write methods and results of a pool.

    Parameters
    ----------
    pool : Pool
        Complete but for its own words; they are not read.
    plan : PoolPlan
        What was asked.

    Returns
    -------
    Paragraphs
        Only what was done is described, and only what was found is claimed: an interval that holds
        no effect, a prediction interval that crosses it, and every caution are said in full.
    """
    cited = Citations()
    methods = methods_of(pool, plan, cited)
    results = results_of(pool)
    return Paragraphs(methods, results, cited.references())
