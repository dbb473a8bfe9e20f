"""The switches of a meta-analysis on the page, and the plan that they say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# field -> (label, (value, words), ...); the first is the plan's default and says nothing
Choice = tuple[str, tuple[tuple[str, str], ...]]
SWITCHES: Mapping[str, Choice] = {
    "method": (
        "Model, between-study variance",
        (
            ("REML", "random effects, REML"),
            ("DL", "random effects, DerSimonian-Laird"),
            ("PM", "random effects, Paule-Mandel"),
            ("ML", "random effects, maximum likelihood"),
            ("EB", "random effects, empirical Bayes"),
            ("SJ", "random effects, Sidik-Jonkman"),
            ("HS", "random effects, Hunter-Schmidt"),
            ("HE", "random effects, Hedges"),
            ("common", "common effect, inverse variance"),
            ("MH", "common effect, Mantel-Haenszel (counts)"),
            ("peto", "common effect, Peto (counts)"),
            ("GLMM", "generalised linear mixed model (counts)"),
            ("multilevel", "multilevel, by cluster"),
            ("bivariate", "bivariate, sensitivity and specificity"),
        ),
    ),
    "interval": (
        "Interval of the pooled effect",
        (
            ("knapp_hartung", "Knapp-Hartung"),
            ("knapp_hartung_floor", "Knapp-Hartung, never narrower"),
            ("normal", "normal"),
        ),
    ),
    "prediction": (
        "Prediction interval",
        (("model", "as the pooled interval"), ("k_minus_2", "k - 2 degrees"), ("none", "none")),
    ),
    "level": ("Level", (("0.95", "95 %"), ("0.9", "90 %"), ("0.99", "99 %"))),
    "overlap": (
        "Rows that may share patients",
        (("report", "pool, and say so"), ("keep_first", "pool only the first")),
    ),
    "small_studies": (
        "Small-study tests",
        (("auto", "from ten studies on"), ("force", "always"), ("no", "never")),
    ),
}
MEASURES = (
    "HR", "OR", "RR", "RD", "IRR", "MD", "SMD", "proportion", "C", "OE", "slope",
)  # fmt: skip
VIEWS = (
    ("forest", "Forest plot"),
    ("leave_one_out", "Leave one out"),
    ("cumulative", "Study by study, by year"),
    ("models", "Other models"),
)


def plan_of(typed: Mapping[str, str]) -> dict[str, Any]:
    """Write the plan that the switches say.

    Parameters
    ----------
    typed : mapping of str to str
        Field to value; what is not chosen says nothing.

    Returns
    -------
    dict
        As `cartwheel.pooling.plan.pool_plan_from_dict` reads it. The defaults are left out.
    """
    plan: dict[str, Any] = {}
    for name, (_, choices) in SWITCHES.items():
        said = typed.get(name, "")
        if said and said != choices[0][0]:
            plan[name] = _number(said) if name == "level" else said
    for name in ("measure", "title", "prisma", "cluster"):
        if said := typed.get(name, "").strip():
            plan[name] = said
    for name in ("subgroups", "regress"):
        if said := typed.get(name, "").strip():
            plan[name] = [said]
    plan |= {name: True for name in ("gosh", "fail_safe", "planned") if typed.get(name)}
    if start := typed.get("grade", ""):
        plan["grade"] = {"start": start}
    return plan


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text  # the plan refuses it, in its words
