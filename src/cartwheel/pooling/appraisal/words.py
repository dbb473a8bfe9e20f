"""What a paper says of its model beside its numbers, as its reader reports it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from cartwheel.errors import PlanRefused, Problem

CHOICES = {
    "screened": ("none", "univariable", "backward", "stepwise"),
    "split": ("random", "temporal", "external"),
    "missing": ("complete", "imputed"),
    "competing_risks": ("ignored", "respected"),
    "censoring": ("ignored", "respected"),
    "auc_interval": ("none", "given"),
}
NUMBERS = ("n", "events", "parameters", "auc", "outcome")


@dataclass(frozen=True, slots=True)
class PaperWords:
    """How a paper made its model, in its reader's words; what was not said stays open.

    Parameters
    ----------
    n, events, parameters : int or None
        As printed.
    auc : float or None
        As printed.
    outcome : str
        ``binary``, ``survival``, or empty.
    cutoffs_searched : int or None
        Cut-offs searched and tested on the same patients.
    screened : str
        How predictors were chosen: ``none``, ``univariable``, ``backward``, ``stepwise``.
    dichotomised : int or None
        Continuous predictors cut in two.
    selected_from : int or None
        Patients there were, of whom ``n`` were analysed.
    split : str
        What was called validation: ``random``, ``temporal`` or ``external``.
    no_calibration : bool or None
        True where calibration was not shown.
    missing : str
        ``complete`` cases only, or ``imputed``.
    predictor_day, event_day : float or None
        Latest day of a predictor, and the first day on which events occur; infusion is day 0.
    competing_risks, censoring : str
        ``ignored`` or ``respected``.
    auc_interval : str
        ``none`` or ``given``.
    nri : bool or None
        True where a net reclassification index was reported.
    """

    n: int | None = None
    events: int | None = None
    parameters: int | None = None
    auc: float | None = None
    outcome: str = ""
    cutoffs_searched: int | None = None
    screened: str = ""
    dichotomised: int | None = None
    selected_from: int | None = None
    split: str = ""
    no_calibration: bool | None = None
    missing: str = ""
    predictor_day: float | None = None
    event_day: float | None = None
    competing_risks: str = ""
    censoring: str = ""
    auc_interval: str = ""
    nri: bool | None = None

    @property
    def said(self) -> tuple[str, ...]:
        """Names of what was said beyond the numbers, in order."""
        return tuple(
            one.name
            for one in fields(self)
            if one.name not in NUMBERS and getattr(self, one.name) not in (None, "")
        )


@dataclass(frozen=True, slots=True)
class ValidationAsked:
    """An external validation that somebody plans.

    Parameters
    ----------
    n : int or None
        Patients; None for the size that usual widths take.
    events : int or None
        Of them; by default the paper's share.
    threshold : float or None
        Risk from which a patient would be treated; without it nothing is said of net benefit.
    """

    n: int | None = None
    events: int | None = None
    threshold: float | None = None


def check_words(words: PaperWords) -> None:
    """Refuse words that cannot be.

    Parameters
    ----------
    words : PaperWords
        As reported.

    Raises
    ------
    PlanRefused
        ``choice`` for an unknown word, ``counts`` for numbers that contradict each other: all at
        once.
    """
    problems = tuple(_faults(words))
    if problems:
        raise PlanRefused(problems)


def _faults(words: PaperWords) -> Iterator[Problem]:
    for name, known in CHOICES.items():
        given = getattr(words, name)
        if given and given not in known:
            flag = f"--{name.replace('_', '-')}"
            yield Problem("choice", f"'{given[:30]}' is not known", flag, " or ".join(known))
    for name in ("cutoffs_searched", "dichotomised"):
        if (value := getattr(words, name)) is not None and value < 0:
            yield Problem("counts", "a count is not negative", f"--{name.replace('_', '-')}", "")
    if words.selected_from is not None and words.n is None:
        yield Problem(
            "counts", "patients analysed are needed as well", "--selected-from", "add --n"
        )
    elif words.selected_from is not None and words.n is not None and words.selected_from < words.n:
        what = f"{words.n} patients cannot come from {words.selected_from}"
        yield Problem("counts", what, "--selected-from", "correct one of them")
    if words.event_day is not None and words.predictor_day is None:
        what = "the day of the predictors is needed as well"
        yield Problem("counts", what, "--event-day", "add --predictor-day")
