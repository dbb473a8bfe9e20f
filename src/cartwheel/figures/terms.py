"""Words that cartwheel itself writes into results, for drawings in another language."""

from __future__ import annotations

import re

from cartwheel.figures.wording import say

# as `development.cohort.assembly` writes the step
_IMPUTED = re.compile(r"missing predictors imputed \((\d+) patients\)")


def term(text: str) -> str:
    """Say a fixed word of a result in the language that is set.

    Parameters
    ----------
    text : str
        Of a result: a measure, a model, a step of the flow, or a name that somebody chose.

    Returns
    -------
    str
        The text itself where it is none of the fixed words: names are never translated.
    """
    for known in (_measures(), _models(), _steps(), _units()):
        if text in known:
            return known[text]
    imputed = _IMPUTED.fullmatch(text)
    if imputed:
        return say("missing predictors imputed ({n} patients)", n=imputed[1])
    return text


def _measures() -> dict[str, str]:
    return {
        "AUC": say("AUC"),
        "Harrell's C": say("Harrell's C"),
        "AUC at the horizon": say("AUC at the horizon"),
        "Calibration slope": say("Calibration slope"),
        "Calibration intercept": say("Calibration intercept"),
        "Brier score": say("Brier score"),
    }


def _models() -> dict[str, str]:
    return {
        "univariable": say("univariable"),
        "multivariable": say("multivariable"),
        "index alone": say("index alone"),
        "adjusted": say("adjusted"),
        "Composite index": say("Composite index"),
        "Points score": say("Points score"),
        "Uncut (splines)": say("Uncut (splines)"),
        "Uncut (straight lines)": say("Uncut (straight lines)"),
    }


def _units() -> dict[str, str]:
    return {
        "days": say("days"),
        "weeks": say("weeks"),
        "months": say("months"),
        "years": say("years"),
    }


def _steps() -> dict[str, str]:
    return {
        "rows in the file": say("rows in the file"),
        "outcome known": say("outcome known"),
        "all predictors measured": say("all predictors measured"),
    }
