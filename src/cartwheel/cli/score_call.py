"""One call of ``cartwheel score``, and its plain form read without the command line library.

At the bedside an answer must not wait for a library that loads longer than a score takes. So the
plain form is read here, and all else (help, cohorts, short options, slips of the pen) by typer.
A property test holds both to the same reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

# options of one value that the plain form may hold; --set may come more than once
_SINGLE = ("--patient", "--at", "--json", "--age")
_LEFT_TO_TYPER = (
    "--cohort", "--unit", "--output", "--help", "--column", "--day", "--disease", "--product",
)  # fmt: skip
# a shell that expands nothing itself leaves these to the command line library
_EXPANDABLE = frozenset("*?[~$%")


class ScoreCall(NamedTuple):
    """What ``cartwheel score`` was asked.

    Parameters
    ----------
    file : str
        Id of a score, or its file.
    values : tuple of str
        Of ``--set``.
    options : tuple of str
        What is no option of the command: names of inputs and their values.
    patient, cohort, at, json : str or None
        Of the options of these names.
    units, columns, days : tuple of str
        Of ``--unit``, ``--column`` and ``--day``.
    disease, product : str or None
        Of the options of these names.
    age : str or None
        Of ``--age``: the input of this name where the score has one, else about the patient.
    output : str
        Of ``--output``.
    """

    file: str
    values: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    patient: str | None = None
    cohort: str | None = None
    units: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    disease: str | None = None
    product: str | None = None
    age: str | None = None
    output: str = "-"
    at: str | None = None
    json: str | None = None


def plain_call(arguments: Sequence[str]) -> ScoreCall | None:
    """Read ``score FILE`` followed by long options with their values; None for any other form."""
    if len(arguments) < 2 or arguments[0] != "score" or not _is_word(arguments[1]):
        return None
    values: list[str] = []
    options: list[str] = []
    single: dict[str, str] = {}
    rest = list(arguments[:1:-1])
    while rest:
        word = rest.pop()
        name, divider, value = word.partition("=")
        if name not in (*_SINGLE, "--set"):
            if not _is_left(word, name):
                return None
            options.append(word)
            continue
        if not divider:
            value = rest.pop() if rest else ""
        if not (value == "-" or _is_word(value)) or name in single:
            return None
        if name == "--set":
            values.append(value)
        else:
            single[name] = value
    call = ScoreCall(
        file=arguments[1],
        values=tuple(values),
        options=tuple(options),
        patient=single.get("--patient"),
        at=single.get("--at"),
        json=single.get("--json"),
        age=single.get("--age"),
    )
    return call if _names_no_pattern(call) else None


def _is_word(word: str) -> bool:
    return bool(word) and not word.startswith("-")


def _is_left(word: str, name: str) -> bool:
    """Say whether typer, too, would leave this word to the command: a long name, or a value."""
    if word.startswith("--"):
        return len(name) > 2 and name not in _LEFT_TO_TYPER
    return not word.startswith("-")


def _names_no_pattern(call: ScoreCall) -> bool:
    named = (call.file, call.patient or "", call.json or "")
    return not any(_EXPANDABLE & set(name) for name in named)


def answer_call(call: ScoreCall) -> None:
    """Answer a call: print the score, or the reasons why there is none with exit code 2."""
    # loaded when there is a call: every command loads this file, and most score nothing
    from cartwheel.cli.common import check_folder, refusals_as_exit_code
    from cartwheel.cli.score_answer import answer_cohort, answer_patient, given_inputs
    from cartwheel.clinic.score import read_score

    with refusals_as_exit_code():
        check_folder(call.json)
        alone = call.cohort is None and call.patient is None
        if alone and not (call.values or call.options or call.age):
            # what cannot be computed says why before it asks for values
            read_score(call.file)
        age = [] if call.age is None else ["--age", call.age]
        inputs = given_inputs(list(call.values), [*call.options, *age], alone=alone)
        if call.cohort is not None:
            answer_cohort(call, call.cohort, inputs)
        else:
            answer_patient(call, inputs)
