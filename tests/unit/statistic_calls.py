"""A valid call of every public function of the statistics floor, by module and name.

A new function needs a line in one of the tables below: ``"module.function": lambda d: ...``, a
second word naming another way to call it. The columns of ``d`` are those of ``statistic_sample``;
which of them are read is seen from the call, so that each can be spoiled, sorted and rescaled.
"""

from __future__ import annotations

import numpy as np
from statistic_calls_binary import CALLS as BINARY
from statistic_calls_models import CALLS as MODELS
from statistic_calls_survival import CALLS as SURVIVAL
from statistic_sample import Call, N, floats

from cartwheel.stats import columns, cox_design, partial_likelihood, times

# what models and their refusals are made of
STEPS: dict[str, Call] = {
    "columns.float_array": lambda d: columns.float_array(d.score, "score"),
    "columns.raw_array": lambda d: columns.raw_array(d.score, "score"),
    "columns.refuse_vast": lambda d: columns.refuse_vast(floats(d.score), "score"),
    "cox_design.check_finite": lambda d: cox_design.check_finite(floats(d.x)),
    "cox_design.refuse_tiny": lambda d: cox_design.refuse_tiny(floats(d.x)),
    "cox_design.shaped": lambda d: cox_design.shaped(d.x, N),
    "partial_likelihood.collinear": lambda _: partial_likelihood.collinear("a"),
    "partial_likelihood.constant_columns": lambda _: partial_likelihood.constant_columns(
        [0], ("a",)
    ),
    "partial_likelihood.no_events": lambda _: partial_likelihood.no_events(),
    "partial_likelihood.not_converged": lambda _: partial_likelihood.not_converged(
        0, np.array([9.0]), np.array([1.0]), ("a",)
    ),
    "partial_likelihood.varying": lambda d: partial_likelihood.varying(
        floats(d.x), None, ("a", "b", "c")
    ),
    "times.check_moment": lambda d: times.check_moment(d.horizon, "horizon"),
}
CALLS: dict[str, Call] = {**SURVIVAL, **BINARY, **MODELS, **STEPS}
