"""Refusals as a page says them: what the command line calls a flag has another name here.

The words of a refusal are the same everywhere, but for one thing: nobody can type ``--unit`` into
a browser. A template that writes a `Problem` gets its words with every flag named as the page
names it; programs, which read JSON, get the words of the command line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment

from cartwheel.errors import Problem

_SPOKEN = frozenset({"what", "where", "mend"})
# what a sentence says of a command as a whole
_COMMANDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"write (it|the result) again with: cartwheel [^;]*? --json FILE", r"make \1 again here"),
        (r"write it again with: cartwheel [^;]*? --save-plan \S+", "write it again on its page"),
        (r"save one with: cartwheel [^;]*? --save-plan \S+", "make one on its page"),
        (r"cartwheel \w+ \.\.\. --(?:json|share) FILE", "its result.json"),
        (r"that 'cartwheel (\w+) --json' wrote", r"result.json of \1"),
        (r"that the command wrote \(--json FILE\)", "that was made (result.json)"),
        (r"\(--json FILE\)", "(result.json)"),
        (r"\(--share FILE\)", "(share.json)"),
        (r"wrote with --json", "wrote (result.json)"),
        (r"validate \.\.\. --share FILE", "share.json of a validation"),
        (r"(\w+) \.\.\. --json FILE", r"result.json of \1"),
        (r"; cartwheel grade --list --rule .+? lists all", ""),
        (r" \(cartwheel grade --list(?: lists all)?\)", ""),
        (r"grade one chart with --set or --patient \S+", "chart one patient under Grades"),
        (r"cartwheel serve account add NAME --role admin", "an account with the role admin"),
        (r": cartwheel monitor example", ""),
        (r"pip install --upgrade cartwheel", "ask whoever installed it"),
    )
)
# a flag's name on a page: alone, and with a value
NAMES: Mapping[str, tuple[str, str]] = {
    # of a sheet
    "unit": ("the unit", "{value} as the unit{of}"),
    "day": ("the day", "{value} as the day{of}"),
    "decimal": ("the decimal mark", "{value} as the decimal mark{of}"),
    "id": ("the column of patient ids", "{value} as the column of patient ids"),
    "sheet": ("the sheet", "the sheet {value}"),
    # of an outcome
    "event": ("the column of the event", "{value} as the column of the event"),
    "event-value": ("the value that means the event", "{value} as the value that means the event"),
    "competing-value": (
        "the values that mean another event",
        "{value} as a value that means another event",
    ),
    "onset": ("the column of the day on which it began", "{value} as the day on which it began"),
    "time": ("the column of the time", "{value} as the column of the time"),
    "time-unit": ("the unit of the time", "{value} as the unit of the time"),
    "horizon": ("the time at which risk is read", "{value} as the time at which risk is read"),
    "landmark": ("the landmark", "day {value} as the landmark"),
    # of a plan
    "direction": ("the adverse end", "{value} as the adverse end{of}"),
    "cutoff": ("the cut-off", "{value} as the cut-off{of}"),
    "missing": ("what is done with missing values", "“{value}” for missing values"),
    "imputations": ("the number of imputations", "{value} imputations"),
    "bootstrap": ("resamples", "{value} resamples"),
    "select": ("the selection", "“{value}” as the selection"),
    "penalty": ("the penalty", "“{value}” as the penalty"),
    "score": ("the name of the score", "{of_name} as the name of {value}"),
    "column": ("the column of the input", "the column of the input {of_name}"),
    "thresholds": ("the thresholds", "{value} as the thresholds"),
    "subgroup": ("the subgroups", "subgroups by {value}"),
    "update": ("the updating ladder", "the updating ladder"),
    "share": ("the file that may travel", "the file that may travel"),
    "min-cell": ("the smallest count that is told", "{value} as the smallest count that is told"),
    "outcome-label": ("the name of the outcome", "{value} as the name of the outcome"),
    # of published effects
    "measure": ("the measure", "{value} as the measure"),
    "outcome": ("the outcome", "{value} as the outcome"),
    "group": ("the group", "{value} as the group"),
    "method": ("the method", "{value} as the method"),
    "small-studies": ("the choice for small studies", "“{value}” for small studies"),
    "overlap": ("the choice for overlapping patients", "“{value}” for overlapping patients"),
    "same-outcome": ("one name for an outcome", "{of_name} and {value} as one outcome"),
    "leave-out": ("the rows left out", "{value}"),
    "level": ("the level", "{value}"),
    "grade": ("where the grade begins", "{value} as where the grade begins"),
    "pooled": ("the pooled result", "{value} as the pooled result"),
    "validation-n": ("patients of the validation", "{value} patients of the validation"),
    "validation-events": ("events of the validation", "{value} events of the validation"),
    "threshold": ("the threshold", "{value} as the threshold"),
    "n": ("the number of patients", "{value} patients"),
    "events": ("the number of events", "{value} events"),
    "parameters": ("the number of parameters", "{value} parameters"),
    "auc": ("the AUC", "an AUC of {value}"),
    "r2": ("R²", "R² of {value}"),
    "d": ("D", "a D of {value}"),
    "survival": ("that it is of survival", "{value}"),
    "follow-up": ("the follow-up", "{value} of follow-up"),
    "selected-from": ("how many were selected from", "{value} that were selected from"),
    "event-day": ("the day of the event", "{value} as the day of the event"),
    "predictor-day": ("the day of the predictor", "{value} as the day of the predictor"),
    # of a chart
    "map": ("what each column is", "{of_name} as {value}"),
    "rule": ("the rule", "{value} as the rule"),
    "by-day": ("grades by day", "grades by day"),
    "begins": ("the day on which it begins", "{value} as the day on which it begins"),
    "runs": ("that ids repeat", "that ids repeat"),
    # of a course of values
    "max-age": ("age of a value", "{value} as the age of a value{of}"),
    "save-model": ("its model", "its model"),
    # of the server
    "worker-memory": ("limit of memory for a job", "limit of {value} for a job"),
    "largest-upload": ("limit of an upload", "limit of {value} for an upload"),
    "database": ("the database", "the database {value}"),
    "data": ("the folder of the data", "the folder of the data"),
}
# a value's name on a page, where it has another
_VALUES: Mapping[tuple[str, str], str] = {
    ("missing", "complete"): "patients with all values",
    ("missing", "impute"): "imputed",
    ("decimal", ","): "a comma",
    ("decimal", "."): "a point",
    ("overlap", "keep_first"): "keep the first",
    ("map", "INPUT"): "one of the inputs",
}
# words that are the value of a flag; another small word after a flag goes on with the sentence
_WORDS = "complete|impute|none|firth|force|days|keep_first|high|low|astct-crs"
_QUOTED = r"'[^']*'(?!\w)"
_PLAIN = r"(?:[,.](?!\w)|[^\s;()]*[^\s;:().,])"
_VALUE = rf"{_QUOTED}|[^\s=,;()]+={_PLAIN}|[A-Z][A-Z_]+(?::[\w,]*\w)?|\d{_PLAIN}?|(?:{_WORDS})\b"
_FLAG = re.compile(rf"(?<!\w){_QUOTED}|(?<![\w'-])--([a-z][a-z0-9-]*)(?: ({_VALUE}))?")
_ALONE = re.compile(r"--([a-z][a-z0-9-]*) (.+)")
# what stands in the place of a value is not said
_OPEN = re.compile(r"COLUMN|VALUE|UNIT|TIME|DAYS|FILE|FOLDER|INPUT|NAME|OPTION|ID_OR_FILE|LOW:HIGH")


class PageEnvironment(Environment):
    """Templates in which a refusal speaks the words of a page."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Give an attribute as Jinja does; the words of a `Problem` as a page says them.

        Parameters
        ----------
        obj : object
            Of a template.
        attribute : str
            Its name.

        Returns
        -------
        object
        """
        found = super().getattr(obj, attribute)
        return page_words(found) if _is_spoken(obj, attribute) else found

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Give an item as Jinja does, which filters ask for by the name of an attribute.

        Parameters
        ----------
        obj, argument : object
            Of a template.

        Returns
        -------
        object
        """
        found: Any = super().getitem(obj, argument)
        return page_words(found) if _is_spoken(obj, argument) else found


def _is_spoken(obj: Any, attribute: Any) -> bool:
    return isinstance(obj, Problem) and attribute in _SPOKEN


def page_words(text: str) -> str:
    """Say on a page what the command line says.

    Parameters
    ----------
    text : str
        Of a refusal, or of a note.

    Returns
    -------
    str
        Without flags; what stands in quotes, such as the name of a column, stays as it is.
    """
    if "--" not in text:
        return text
    for pattern, words in _COMMANDS:
        text = pattern.sub(words, text)
    if whole := _ALONE.fullmatch(text):
        bare, _ = _named(whole[1])
        if not re.match(rf"(?:{_VALUE})", whole[2]) and "--" not in whole[2]:
            return f"{bare}: {whole[2]}"  # the flag with a column, as a place
    return _FLAG.sub(_said, text)


def _named(flag: str) -> tuple[str, str]:
    name = flag.replace("-", " ")
    return NAMES.get(flag, (name, f"{name} {{value}}"))


def _said(found: re.Match[str]) -> str:
    flag, value = found[1], found[2]
    if flag is None:
        return found[0]  # quoted
    bare, valued = _named(flag)
    if value is None:
        return bare
    name, is_pair, value = value.strip("'").rpartition("=")
    is_open = _OPEN.fullmatch(value) is not None
    of = f" of {name}" if is_pair and not _OPEN.fullmatch(name) else ""
    if "{of_name}" in valued:
        if not of:
            return bare
    elif is_open:
        return f"{bare}{of}"
    value = _VALUES.get((flag, value), value)
    return valued.format(value=value, of=of, of_name=name)
