"""The past of a centre as a file has it: values by patient and day, to be followed once more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from os import PathLike
from pathlib import Path
from typing import TypeAlias

from cartwheel.canonical import sha256
from cartwheel.clinic.chart_table import ChartTable, read_chart_table
from cartwheel.clinic.dictionary import nearest_names
from cartwheel.clinic.grading import GRADING_RULES
from cartwheel.errors import CohortRefused, PlanRefused, Problem, refuse
from cartwheel.landmarking.labs import KNOWN, marker_variable
from cartwheel.provenance import named_simulated
from cartwheel.watch.observation import NameKind

NONE = "none"
END = ("end_day", "until_day")
_BLANK = frozenset({"", "na", "nan", "n/a", ".", "missing"})
_NO, _YES = frozenset({"0", "no", "false", "n"}), frozenset({"1", "yes", "true", "y"})
_MOST_DAYS = Decimal(3650)
_SHOWN_ROWS = 6

Cell: TypeAlias = tuple[str, str, str]
"""What the column is (empty where the ward does not know it), its name, and what stands there."""


@dataclass(frozen=True, slots=True)
class PastOptions:
    """What the columns of a file do not say by their names.

    Parameters
    ----------
    mapping : mapping of str to str
        Column to ``patient``, ``day``, ``analyte``, ``value``, ``unit``, ``end_day``, a name that
        the ward knows, the id of a grading rule (grades already given by it) or ``none``.
    units : mapping of str to str
        Column, or analyte of a long file, to unit.
    runs : bool
        Ids repeat: a new patient begins wherever the day falls back.
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    runs: bool = False


@dataclass(frozen=True, slots=True)
class PastValue:
    """One value of one patient. It is a patient's: never for a result.

    Parameters
    ----------
    day : Decimal
        Days since the infusion when it was taken.
    name : str
        That the ward knows.
    text, unit : str
        As written.
    end_day : Decimal or None
        Of a treatment that runs.
    """

    day: Decimal
    name: str
    text: str
    unit: str
    end_day: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PastPatient:
    """One patient of a file.

    Parameters
    ----------
    id : str
        File, and the patient's name in it.
    values : tuple of PastValue
        In order of time.
    graded : mapping of str to tuple of (Decimal, int)
        Rule to day and grade, as the file gives them: what really followed.
    """

    id: str
    values: tuple[PastValue, ...]
    graded: Mapping[str, tuple[tuple[Decimal, int], ...]]


@dataclass(frozen=True, slots=True)
class PastFile:
    """A file that was read.

    Parameters
    ----------
    name, sha256 : str
        Of the file.
    simulated : bool
        Whether its name says so.
    rows : int
        In it.
    patients : tuple of PastPatient
        In the order of the file.
    graded : tuple of str
        Rules by which the file gives grades.
    unused : mapping of str to int
        Analyte or column that the ward does not know, and its values.
    """

    name: str
    sha256: str
    simulated: bool
    rows: int
    patients: tuple[PastPatient, ...]
    graded: tuple[str, ...]
    unused: Mapping[str, int]


def read_past(
    path: str | PathLike[str], names: Mapping[str, NameKind], options: PastOptions | None = None
) -> PastFile:
    """Read a file of values by patient and day.

    Parameters
    ----------
    path : path
        Long (patient, analyte, day, value, unit) or one row a patient and day.
    names : mapping of str to str
        Names that the ward knows, and their kinds.
    options : PastOptions, optional
        What its columns do not say.

    Returns
    -------
    PastFile

    Raises
    ------
    FileRefused
        The file cannot be read.
    CohortRefused
        ``column_missing``, ``no_patient``, ``not_a_number`` with the rows, ``no_patients``.
    PlanRefused
        ``map_unknown``: a column that is not there, or a name that the ward does not know.
    """
    said = options or PastOptions()
    table = read_chart_table(Path(path), None)
    columns = _columns(table, names, said)
    ignored = frozenset(column for column, meant in said.mapping.items() if meant == NONE)
    rows = _numbered(table, columns, ignored, runs=said.runs)
    builder = _Builder(names, said, columns)
    for patient, day, cells in rows:
        builder.add(patient, day, cells)
    patients = builder.patients(table.name)
    if not patients:
        raise refuse(
            CohortRefused, "no_patients", "no row names a patient", where=table.name,
            mend="check the columns: --map COLUMN=patient",
        )  # fmt: skip
    return PastFile(
        table.name,
        sha256(table.data),
        named_simulated(table.name),
        len(table.rows),
        patients,
        tuple(sorted({meant for meant in columns.values() if meant in GRADING_RULES})),
        dict(sorted(builder.unused.items())),
    )


def _columns(table: ChartTable, names: Mapping[str, NameKind], said: PastOptions) -> dict[int, str]:
    """Tell what each column is; one that says nothing to the ward is not in it."""
    problems = [_no_column(one, table) for one in (*said.mapping,) if one not in table.names]
    roles = ("patient", "day", "analyte", "value", "unit", "end_day", NONE)
    for column, meant in said.mapping.items():
        if meant not in (*roles, *names, *GRADING_RULES):
            what = f"'{meant[:40]}' is nothing that a column can be"
            mend = nearest_names(meant, (*roles, *names, *GRADING_RULES))
            problems.append(Problem("map_unknown", what, f"--map {column[:40]}", mend))
    if problems:
        raise PlanRefused(problems)
    found: dict[int, str] = {}
    for place, column in enumerate(table.names):
        meant = said.mapping.get(column) or _told_by_name(column, names)
        if not meant or meant == NONE:
            continue
        # several drugs may be one kind of treatment
        if meant not in found.values() or names.get(meant) == "treatment":
            found[place] = meant
        elif column in said.mapping:
            what = f"two columns are '{meant[:40]}'"
            raise refuse(PlanRefused, "map_twice", what, where="--map", mend="map one to none")
    lacking = [one for one in ("patient", "day") if one not in found.values()]
    if lacking:
        raise CohortRefused(
            [
                Problem("column_missing", f"no column is called {one}", table.name,
                        f"say which it is: --map COLUMN={one}")
                for one in lacking
            ]
        )  # fmt: skip
    return found


def _no_column(column: str, table: ChartTable) -> Problem:
    mend = nearest_names(column, table.names)
    return Problem("map_unknown", f"there is no column '{column[:40]}'", table.name, mend)


def _told_by_name(column: str, names: Mapping[str, NameKind]) -> str:
    plain = column.strip().casefold().replace(" ", "_")
    for role, known in KNOWN.items():
        if plain in known or plain == role:
            return role
    if plain in END:
        return "end_day"
    return _meant(column, names)


def _meant(name: str, names: Mapping[str, NameKind]) -> str:
    """Find what the ward calls it; empty where it does not know it."""
    plain = name.strip()
    if plain in names:
        return plain
    found = marker_variable(plain)
    return found.name if found is not None and found.name in names else ""


def _numbered(
    table: ChartTable, columns: Mapping[int, str], ignored: frozenset[str], *, runs: bool
) -> list[tuple[str, Decimal, tuple[Cell, ...]]]:
    """Read whose each row is and of which day; all faults are told at once."""
    place = {meant: at for at, meant in columns.items()}
    found: list[tuple[str, Decimal, tuple[Cell, ...]]] = []
    nobody, dayless, endless = list[int](), list[int](), list[int]()
    run, last = 0, ("", Decimal(0))
    for number, cells in enumerate(table.rows, table.first_row):
        patient, day = cells[place["patient"]], _number(cells[place["day"]])
        if patient.casefold() in _BLANK:
            nobody.append(number)
            continue
        if day is None or abs(day) > _MOST_DAYS:
            dayless.append(number)
            continue
        if "end_day" in place and not _is_end(cells[place["end_day"]]):
            endless.append(number)
            continue
        if runs:
            run += (patient != last[0]) or day < last[1]
            last = (patient, day)
        told = tuple(
            (columns.get(at, ""), column, cells[at])
            for at, column in enumerate(table.names)
            if columns.get(at) not in ("patient", "day")
            and table.names.index(column) == at
            and column not in ignored
        )
        found.append((f"{patient} #{run}" if runs else patient, day, told))
    _refuse_rows(table, nobody, dayless, endless)
    return found


def _is_end(text: str) -> bool:
    """Tell whether the end of a treatment is a day, or not said."""
    day = _number(text)
    return text.casefold() in _BLANK or (day is not None and abs(day) <= _MOST_DAYS)


def _refuse_rows(
    table: ChartTable, nobody: list[int], dayless: list[int], endless: list[int]
) -> None:
    problems = []
    days = "write days since the infusion"
    for several, code, what, mend in (
        (nobody, "no_patient", "no patient is named", "fill the column in"),
        (dayless, "not_a_number", "the day is no number of days", days),
        (endless, "not_a_number", "the end is no number of days", f"{days}, or nothing"),
    ):
        if several:
            shown = ", ".join(str(one) for one in several[:_SHOWN_ROWS])
            more = f" and {len(several) - _SHOWN_ROWS} more" if len(several) > _SHOWN_ROWS else ""
            problems.append(Problem(code, what, f"{table.name}: row {shown}{more}", mend))
    if problems:
        raise CohortRefused(problems)


def _number(text: str) -> Decimal | None:
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


class _Builder:
    """Values by patient, row after row."""

    def __init__(
        self, names: Mapping[str, NameKind], said: PastOptions, columns: Mapping[int, str]
    ) -> None:
        self.unused: Counter[str] = Counter()
        self._names, self._units = names, said.units
        meant = set(columns.values())
        self._long = {"analyte", "value"} <= meant
        self._values: dict[str, list[PastValue]] = {}
        self._graded: dict[str, dict[str, list[tuple[Decimal, int]]]] = {}
        self._unit_of = {
            each: unit
            for column, unit in said.units.items()
            for each in (said.mapping.get(column, ""), _meant(column, names))
            if each
        }

    def add(self, patient: str, day: Decimal, cells: tuple[Cell, ...]) -> None:
        """Take a row in."""
        values = self._values.setdefault(patient, [])
        if self._long:
            values.extend(self._long_row(day, {meant: text for meant, _, text in cells}))
        else:
            values.extend(self._wide_row(patient, day, cells))

    def _long_row(self, day: Decimal, cells: Mapping[str, str]) -> Iterator[PastValue]:
        said, text = cells["analyte"], cells["value"]
        name = _meant(said, self._names)
        if not name:
            self.unused[said] += 1
            return
        if text.casefold() in _BLANK and self._names[name] != "milestone":
            return
        unit = cells.get("unit", "") or self._units.get(said, "") or self._unit_of.get(name, "")
        yield PastValue(day, name, text, unit, _number(cells.get("end_day", "")))

    def _wide_row(self, patient: str, day: Decimal, cells: tuple[Cell, ...]) -> Iterator[PastValue]:
        for name, column, text in cells:
            if text.casefold() in _BLANK:
                continue
            if name in GRADING_RULES:
                self._grade(patient, name, day, text)
            elif name in self._names:
                yield from self._cell(day, name, column, text)
            else:
                self.unused[column] += 1

    def _grade(self, patient: str, rule: str, day: Decimal, text: str) -> None:
        grade = _number(text)
        if grade is None or grade != grade.to_integral_value() or not 0 <= grade <= 5:
            self.unused[f"{rule}: no grade"] += 1
            return
        marks = self._graded.setdefault(patient, {}).setdefault(rule, [])
        marks.append((day, int(grade)))

    def _cell(self, day: Decimal, name: str, column: str, text: str) -> Iterator[PastValue]:
        kind, word = self._names[name], text.casefold()
        if kind == "treatment":
            if word in _NO or word == NONE:
                return
            # a sheet by day says that it was given on the day, not for how long it ran
            end = day + 1 if name == "vasopressors" else None
            yield PastValue(day, name, column if word in _YES else text, "", end)
        elif kind == "milestone":
            if word not in _NO:
                yield PastValue(day, name, "", "")
        elif kind == "yes_no" and word in _NO | _YES:
            yield PastValue(day, name, "yes" if word in _YES else "no", "")
        else:
            yield PastValue(day, name, text, self._unit_of.get(name, ""))

    def patients(self, file: str) -> tuple[PastPatient, ...]:
        """Give everybody, each in order of time."""
        return tuple(
            PastPatient(
                f"{file} {patient}",
                tuple(sorted(values, key=lambda one: one.day)),
                {
                    rule: tuple(sorted(marks))
                    for rule, marks in self._graded.get(patient, {}).items()
                },
            )
            for patient, values in self._values.items()
        )
