"""What measures, scales and models are called inside a sentence."""

from __future__ import annotations

from collections.abc import Mapping

# measure -> one, several
MEASURES: Mapping[str, tuple[str, str]] = {
    "HR": ("hazard ratio", "hazard ratios"),
    "OR": ("odds ratio", "odds ratios"),
    "RR": ("risk ratio", "risk ratios"),
    "IRR": ("incidence rate ratio", "incidence rate ratios"),
    "RD": ("risk difference", "risk differences"),
    "MD": ("mean difference", "mean differences"),
    "SMD": ("standardised mean difference", "standardised mean differences"),
    "proportion": ("proportion", "proportions"),
    "C": ("C-statistic", "C-statistics"),
    "OE": ("ratio of observed to expected events", "ratios of observed to expected events"),
    "slope": ("calibration slope", "calibration slopes"),
}
ASSOCIATIONS = frozenset(("HR", "OR", "RR", "IRR", "RD", "MD", "SMD"))
SCALES: Mapping[str, str] = {
    "log": "as logarithms",
    "logit": "on the logit scale",
    "arcsine": "on the arcsine scale",
    "double_arcsine": "on the Freeman-Tukey double arcsine scale",
    "identity": "as they are",
}
INTERVALS: Mapping[str, str] = {
    "knapp_hartung": "Knapp-Hartung",
    "knapp_hartung_floor": "Knapp-Hartung with an error never below the normal one",
    "normal": "normal",
    "cluster_robust": "cluster-robust",
}
ESTIMATORS: Mapping[str, str] = {
    "REML": "restricted maximum likelihood (REML)",
    "ML": "maximum likelihood",
    "DL": "the method of DerSimonian and Laird",
    "PM": "the method of Paule and Mandel",
    "EB": "empirical Bayes",
    "SJ": "the method of Sidik and Jonkman",
    "HS": "the method of Hunter and Schmidt",
    "HE": "the method of Hedges",
}


def measure_name(measure: str, *, several: bool = False) -> str:
    """Name a measure.

    Parameters
    ----------
    measure : str
        As of a ``Study``.
    several : bool
        In the plural.

    Returns
    -------
    str
        The code itself where it is not known.
    """
    return MEASURES.get(measure, (measure, measure))[int(several)]


def no_effect(measure: str) -> str:
    """Say what the value of no effect means.

    Parameters
    ----------
    measure : str
        As of a ``Study``.

    Returns
    -------
    str
    """
    return {
        "OE": "as many events as expected",
        "slope": "a perfect slope",
        "C": "no discrimination",
    }.get(measure, "no effect")
