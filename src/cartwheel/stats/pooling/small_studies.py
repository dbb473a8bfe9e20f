"""Small-study effects: everything that is asked of a funnel plot, under one roof."""

from __future__ import annotations

from cartwheel.stats.pooling.asymmetry import (
    AsymmetryTest,
    deeks_test,
    egger_test,
    harbord_test,
    macaskill_test,
    peters_test,
)
from cartwheel.stats.pooling.fail_safe import combined_p_value, fail_safe_n
from cartwheel.stats.pooling.rank_correlation import begg_test
from cartwheel.stats.pooling.trim_and_fill import TrimAndFill, trim_and_fill

__all__ = [
    "AsymmetryTest",
    "TrimAndFill",
    "begg_test",
    "combined_p_value",
    "deeks_test",
    "egger_test",
    "fail_safe_n",
    "harbord_test",
    "macaskill_test",
    "peters_test",
    "trim_and_fill",
]
