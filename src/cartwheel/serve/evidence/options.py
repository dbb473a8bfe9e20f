"""The switches of a meta-analysis on the page, and the plan that they say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cartwheel.errors import PlanRefused, Problem, Refused
from cartwheel.serve.cohort.document import draft_text, read_draft

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
    "proportion_scale": (
        "Scale of proportions",
        (
            ("logit", "logit"),
            ("arcsine", "arcsine"),
            ("double_arcsine", "double arcsine"),
            ("log", "logarithm"),
            ("identity", "as they are"),
        ),
    ),
    "harm": (
        "Side to which publication may lean",
        (("above", "above no effect"), ("below", "below no effect")),
    ),
    "quality": (
        "Risk of bias: columns of",
        (
            ("auto", "whichever tool is there"),
            ("QUIPS", "QUIPS"),
            ("PROBAST", "PROBAST"),
            ("Newcastle-Ottawa", "Newcastle-Ottawa"),
            ("none", "none"),
        ),
    ),
}
# field -> (label, hint): several, with a semicolon between
LISTS: Mapping[str, tuple[str, str]] = {
    "outcome": ("Only these outcomes", "as the table writes them: PFS; OS"),
    "group": ("Only these sets", "of the column set"),
    "leave_out": ("Leave out", "a study by its name, row 12, or file.csv:12"),
    "subgroups": ("Subgroups by", "columns: country; design"),
    "regress": ("Meta-regression on", "a column, or several in one model: year + n; design"),
}
# field -> (label, hint): one a line, written = taken
PAIRS: Mapping[str, tuple[str, str]] = {
    "same_outcome": ("Outcomes that are one", "one a line: severe infection = infection"),
    "same_group": ("Sets that are one", "one a line: easix_lbcl = lbcl"),
}
# field -> (label, hint)
TEXTS: Mapping[str, tuple[str, str]] = {
    "order": ("Study by study: in which order", "year, file, precision, or a column"),
    "cluster": (
        "Column of the cluster",
        "equal values share patients; for the multilevel model",
    ),
    "sheet": ("Sheet of a workbook", "where an uploaded one has several"),
}
NUMBERS: Mapping[str, tuple[str, str]] = {
    "permutations": ("Permutations of a meta-regression", "1000 if left empty"),
    "seed": ("Seed", "of permutations and subsets"),
}
FLAGS: Mapping[str, str] = {
    "planned": "Subgroups and regressions were named before looking",
    "rare": "The outcome is rare, under 15 % (for the E-value)",
    "gosh": "Look at subsets of the studies",
    "fail_safe": "Fail-safe numbers",
    "strict": "An impossible row refuses the whole run",
    "simulated": "The rows are simulated",
}
MEASURES = (
    "HR", "OR", "RR", "RD", "IRR", "MD", "SMD", "proportion", "C", "OE", "slope",
)  # fmt: skip
VIEWS = (
    ("forest", "Forest plot"),
    ("leave_one_out", "Leave one out"),
    ("cumulative", "Study by study, by year"),
    ("models", "Other models"),
    ("subgroups", "By subgroup"),
)


def plan_of(typed: Mapping[str, str]) -> dict[str, Any]:
    """Write the plan that the switches say.

    Parameters
    ----------
    typed : mapping of str to str
        Field to value; what is not chosen says nothing. ``plan_toml`` holds a plan, and the fields
        win over it, as the options of the command win over its plan.

    Returns
    -------
    dict
        As `cartwheel.pooling.plan.pool_plan_from_dict` reads it. The defaults are left out.

    Raises
    ------
    PlanRefused
        ``not_toml``; ``flag_form`` for a line that is not two names.
    """
    plan: dict[str, Any] = read_draft(typed.get("plan_toml", ""))
    for name, (_, choices) in SWITCHES.items():
        said = typed.get(name, "")
        if said and said != choices[0][0]:
            plan[name] = _number(said, float) if name == "level" else said
    plan |= _written(typed)
    plan |= {name: True for name in FLAGS if typed.get(name)}
    if start := typed.get("grade", ""):
        before = plan.get("grade")
        plan["grade"] = {**(before if isinstance(before, dict) else {}), "start": start}
    return plan


def _written(typed: Mapping[str, str]) -> dict[str, Any]:
    """Read the fields in which something is written."""
    plan: dict[str, Any] = {}
    for name in ("measure", "title", "prisma", *TEXTS):
        if said := typed.get(name, "").strip():
            plan[name] = said
    for name in NUMBERS:
        if said := typed.get(name, "").strip():
            plan[name] = _number(said, int)
    for name in LISTS:
        if several := _several(typed.get(name, "")):
            plan[name] = several
    for name in PAIRS:
        if pairs := _pairs(typed.get(name, ""), PAIRS[name][0]):
            plan[name] = pairs
    return plan


def typed_of(plan: Mapping[str, Any]) -> dict[str, str]:
    """Set the fields as an earlier run had them.

    Parameters
    ----------
    plan : mapping
        Of that run.

    Returns
    -------
    dict of str to str
        Such that `plan_of` gives the plan again; what no field can say is in ``plan_toml``.
    """
    typed = {name: text for name, value in plan.items() if (text := _field(name, value))}
    rest = {name: value for name, value in plan.items() if name not in typed}
    grade = plan.get("grade")
    if isinstance(grade, Mapping) and grade.get("start") in ("high", "moderate"):
        typed["grade"] = str(grade["start"])
        if not (more := {key: value for key, value in grade.items() if key != "start"}):
            del rest["grade"]
        else:
            rest["grade"] = more
    return typed | ({"plan_toml": draft_text(rest)} if rest else {})


def _field(name: str, value: Any) -> str:
    """Write a value as its field holds it; empty where it has none that can."""
    if name in SWITCHES:
        return str(value) if str(value) in dict(SWITCHES[name][1]) else ""
    if name in FLAGS:
        return "yes" if value is True else ""
    if name in LISTS and isinstance(value, list | tuple):
        text = "; ".join(map(str, value))
        return text if _several(text) == list(value) else ""
    if name in PAIRS and isinstance(value, Mapping):
        text = "\n".join(f"{written} = {taken}" for written, taken in value.items())
        try:
            return text if _pairs(text, name) == value else ""
        except Refused:
            return ""
    known = name in ("measure", "title", "prisma") or name in TEXTS or name in NUMBERS
    return str(value) if known and isinstance(value, str | int) else ""


def _several(text: str) -> list[str]:
    return [part.strip() for part in text.replace("\n", ";").split(";") if part.strip()]


def _pairs(text: str, where: str) -> dict[str, str]:
    found, wrong = {}, []
    for line in filter(None, map(str.strip, text.splitlines())):
        # names hold such things as "grade >=3": an equals sign that stands alone divides first
        written, mark, taken = line.partition(" = ")
        if not mark:
            written, mark, taken = line.rpartition("=")
        if written.strip() and taken.strip():
            found[written.strip()] = taken.strip()
        else:
            wrong.append(
                Problem(
                    "flag_form",
                    f"'{line[:40]}' is not WRITTEN = TAKEN",
                    where,
                    "one a line: severe infection = infection",
                )
            )
    if wrong:
        raise PlanRefused(wrong)
    return found


def _number(text: str, kind: type[float] | type[int]) -> float | str:
    try:
        return kind(text)
    except ValueError:
        return text  # the plan refuses it, in its words
