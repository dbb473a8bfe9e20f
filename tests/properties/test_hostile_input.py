"""Every public statistic meets bad input with a refusal that has a name, or with numbers."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules

import numpy as np
import pytest
from hostile_values import hostile
from result_numbers import not_finite
from statistic_calls import CALLS
from statistic_exceptions import MISSING_MEANS, OPEN, TAKEN, UNCHECKED
from statistic_sample import PATIENT_COLUMNS, Sample, sample

import cartwheel.stats
from cartwheel.errors import Refused

CHECKED = [name for name in CALLS if name.split(maxsplit=1)[0] not in UNCHECKED]
NO_NUMBER = ("nan", "all nan", "masked", "infinite", "minus infinite", "objects")
NEVER_NUMBERS = ("words", "dates", "numbers as text", "complex", "ragged")
LABELS = ("group", "arm", "strata", "cluster")
# few patients, and none
SAMPLES = {
    "nobody": [],
    "one patient": [3],
    "two patients": [3, 4],
    "two others": [0, 7],
    "one patient thrice": [3, 3, 3],
    "six patients": [0, 1, 2, 3, 4, 5],
}


def public_functions() -> set[str]:
    """Module and name of every function of the statistics floor without an underscore."""
    found = set()
    for module in iter_modules(cartwheel.stats.__path__):
        if module.ispkg:
            continue
        room = import_module(f"cartwheel.stats.{module.name}")
        for name, thing in inspect.getmembers(room, inspect.isfunction):
            if not name.startswith("_") and thing.__module__ == room.__name__:
                found.add(f"{module.name}.{name}")
    return found


def test_every_public_function_has_a_valid_call() -> None:
    assert public_functions() - {name.split(maxsplit=1)[0] for name in CALLS} == set()


def test_every_call_is_of_a_function_that_exists_and_calls_it() -> None:
    for name, call in CALLS.items():
        module, function = name.split(maxsplit=1)[0].split(".")
        assert f"{module}.{function}" in public_functions(), name
        assert {module, function} <= _names(call), name


def _names(call: Callable[..., object]) -> set[str]:
    """Names in a call, and in the functions beside it that it calls."""
    own = set(call.__code__.co_names)
    beside = (call.__globals__.get(name) for name in own)
    return own.union(*(set(one.__code__.co_names) for one in beside if inspect.isfunction(one)))


def test_exceptions_are_of_functions_that_exist() -> None:
    named = {*UNCHECKED, *MISSING_MEANS, *(name for name, _ in TAKEN), *OPEN}
    assert {name.split(maxsplit=1)[0] for name in named} - public_functions() == set()


@pytest.mark.parametrize("name", CALLS)
def test_a_valid_call_gives_numbers(name: str) -> None:
    result = CALLS[name](sample())
    assert not_finite(result) <= set(MISSING_MEANS.get(name.split(maxsplit=1)[0], ()))


def _cases(read: list[str], base: Sample):
    """Every spoiled form of every column that the call reads."""
    for column in read:
        for form, value in hostile(base.column(column)):
            yield column, form, {column: value}
    for form, rows in SAMPLES.items():
        chosen = np.array(rows, dtype=np.int64)
        yield "", form, {name: np.asarray(base.column(name))[chosen] for name in PATIENT_COLUMNS}


def _fault(name: str, column: str, form: str, d: Sample) -> str:
    """What is wrong with the answer to bad input; empty if nothing is."""
    function = name.split(maxsplit=1)[0]
    try:
        result = CALLS[name](d)
    except Refused as refused:
        named = all(problem.code and problem.what for problem in refused.problems)
        return "" if named else "a refusal without a name"
    except (Exception, Warning) as error:  # whatever it is, it should have been a refusal
        return f"{type(error).__name__}: {error}"[:120]
    unknown = not_finite(result) - set(MISSING_MEANS.get(function, ()))
    if unknown:
        return f"not finite: {sorted(unknown)}"
    if (function, column) in TAKEN:
        return ""
    if form in NO_NUMBER or (form in NEVER_NUMBERS and column not in LABELS):
        return "taken for a number"
    return ""


@pytest.mark.parametrize("name", CHECKED)
def test_bad_input_is_refused_by_name(name: str) -> None:
    base = sample()
    CALLS[name](base)
    faults = []
    for column, form, changed in _cases(list(base.read), base):
        fault = _fault(name, column, form, base.with_columns(**changed))
        if fault and not re.fullmatch(OPEN.get(name, ""), f"{column}: {form}"):
            faults.append(f"{column}: {form}: {fault}")
    assert faults == []


def test_every_checked_call_reads_a_column() -> None:
    """A call that reads none would be tested with nothing; those take counts or labels only."""
    silent = set()
    for name in CHECKED:
        base = sample()
        CALLS[name](base)
        if not base.read:
            silent.add(name)
    assert silent == {
        "cox_baseline.check_ties",
        "cox_design.column_labels",
        "descriptive.same_length",
        "distributed.in_order",
        "distributed.some",
        "impute.imputation_streams",
        "partial_likelihood.collinear",
        "partial_likelihood.constant_columns",
        "partial_likelihood.no_events",
        "partial_likelihood.not_converged",
        "resample.usable",
        "ridge_logistic.default_penalties",
        "resample.default_threads",
        "resample.resample_multiplicities",
        "rubin.refuse_few",
        "samplesize.events_per_parameter",
    }
