"""How much the studies of a pool differ beyond chance."""

from __future__ import annotations

import math

from cartwheel.estimate import Estimate
from cartwheel.pooling.analysis.fit import Fit
from cartwheel.pooling.analysis.members import Members
from cartwheel.pooling.result_analysis import Heterogeneity
from cartwheel.stats.pooling.heterogeneity import (
    cochran_q,
    h_squared,
    i_squared,
    q_profile,
    tau_squared,
    typical_variance,
)

NOTHING = Estimate(None)
ONE_STUDY = Heterogeneity(None, None, None, NOTHING, NOTHING, None, NOTHING, NOTHING)


def heterogeneity_of(members: Members, main: Fit) -> Heterogeneity:
    """Describe the heterogeneity of a pool.

    Parameters
    ----------
    members : Members
        Two studies or more.
    main : Fit
        The plan's model.

    Returns
    -------
    Heterogeneity
        tau2 by the plan's model where it has one, else by REML, as ``tau2.method`` says; Q-profile
        intervals for estimators of tau2; I2 from tau2, but from Q for a common effect.
    """
    by_q = main.tau2 is None
    own = main.two_stage
    if own is None or by_q:
        estimated = tau_squared(members.effects, members.variances, "REML")
        tau2 = estimated.tau2 if by_q or main.tau2 is None else main.tau2
        error, source = (estimated.std_error, "REML") if by_q else (None, main.name)
    else:
        tau2, error, source = own.tau2, own.tau2_std_error, own.method
    q = cochran_q(members.effects, members.variances)
    typical = typical_variance(members.variances)
    # the profile belongs to effects and variances, not to a model of counts or clusters
    profiled = own is not None or by_q
    low, high = (
        q_profile(members.effects, members.variances, level=members.level)
        if profiled
        else (None, None)
    )
    method = f"{source}, Q-profile interval" if profiled else source

    def estimate(
        value: float | None, limits: tuple[float | None, float | None], how: str
    ) -> Estimate:
        level = members.level if profiled else None
        return Estimate(value, *limits, level, how, n=members.k)

    share = main.i2 if main.i2 is not None else i_squared(tau2, typical)
    ratio = 100.0 / (100.0 - share) if share < 100.0 else None
    if by_q and q.df > 0:
        ratio = (q.q if main.q is None else main.q) / (main.q_df or q.df)
    from_q = "from Q, interval from that of tau2" if by_q else f"from tau2 ({method})"
    return Heterogeneity(
        q=q.q if main.q is None else main.q,
        q_df=q.df if main.q_df is None else main.q_df,
        q_p_value=q.p_value if main.q_p_value is None else main.q_p_value,
        tau2=estimate(tau2, (low, high), method),
        tau=estimate(math.sqrt(tau2), (_root(low), _root(high)), f"square root of tau2 ({method})"),
        tau2_std_error=error,
        i2=estimate(share, (_share(low, typical), _share(high, typical)), from_q),
        h2=estimate(ratio, (_ratio(low, typical), _ratio(high, typical)), from_q),
    )


def _root(limit: float | None) -> float | None:
    return None if limit is None else math.sqrt(limit)


def _share(limit: float | None, typical: float) -> float | None:
    return None if limit is None else i_squared(limit, typical)


def _ratio(limit: float | None, typical: float) -> float | None:
    return None if limit is None else h_squared(limit, typical)
