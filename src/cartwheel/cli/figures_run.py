"""Running ``cartwheel figures``: read, draw, write all files or none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cartwheel.canonical import write_together
from cartwheel.cli.common import check_folder, pairs
from cartwheel.errors import FileRefused, PlanRefused, Refused, refuse
from cartwheel.figures.alluvial import alluvial_rows, alluvial_words, days_of, draw_alluvial
from cartwheel.figures.atlas import KINDS
from cartwheel.figures.data import csv_text
from cartwheel.figures.journal import AtWidth
from cartwheel.figures.nomogram import draw_nomogram
from cartwheel.figures.nomogram_terms import nomogram_of_score
from cartwheel.figures.publish import Drawing, published, result_drawings
from cartwheel.figures.saving import FORMATS
from cartwheel.figures.swimmer import draw_swimmer, swimmer_rows, swimmer_words
from cartwheel.figures.trajectories import draw_trajectory, trajectory_rows, trajectory_words
from cartwheel.figures.wording import say
from cartwheel.report.paper.drawn_words import spoken
from cartwheel.result_json import read_result
from cartwheel.workflows.trajectory import Trajectory, trajectory

_GRADES = ("astct-crs", "astct-icans")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command was told; each field is an option of it.

    Parameters
    ----------
    result, chart, cohort, labs : Path or None
        Files.
    lab_columns : tuple of (str, str)
        Columns of the laboratory file that were named.
    patient : str or None
        Column of the patient in the cohort.
    same_moment : str
        What is done about different values at one moment.
    folder : Path
        Where the figures go.
    width : str or None
        Of a column.
    formats, only, rules, days, markers : tuple of str
        Lists.
    language : str
        Of the words inside.
    ranges, mapping, units, treatments : list of str
        ``NAME=VALUE``.
    runs, share : bool
        Switches.
    by, sheet : str or None
        Column of the groups, sheet of a workbook.
    """

    result: Path | None
    folder: Path
    width: str | None = None
    formats: tuple[str, ...] = FORMATS
    only: tuple[str, ...] = ()
    language: str = "en"
    ranges: list[str] | tuple[str, ...] = ()
    chart: Path | None = None
    rules: tuple[str, ...] = ()
    mapping: list[str] | tuple[str, ...] = ()
    units: list[str] | tuple[str, ...] = ()
    runs: bool = False
    treatments: list[str] | tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    cohort: Path | None = None
    labs: Path | None = None
    lab_columns: tuple[tuple[str, str], ...] = ()
    patient: str | None = None
    same_moment: str = "refuse"
    markers: tuple[str, ...] = ()
    by: str | None = None
    sheet: str | None = None
    share: bool = False


def run_figures(wanted: Wanted) -> list[str]:
    """Draw what was asked for and write it.

    Parameters
    ----------
    wanted : Wanted
        The options of the command.

    Returns
    -------
    list of str
        Lines that tell what was written.

    Raises
    ------
    FileRefused, CohortRefused, ScoreRefused
        Where a file cannot be read.
    PlanRefused
        Where what was asked for does not go together.
    """
    _check(wanted)
    in_language = spoken(wanted.language)
    drawings = [*_of_result(wanted), *_of_chart(wanted), *_of_cohort(wanted)]
    found = published(drawings, wanted.width, wanted.formats, in_language)
    _write(wanted.folder, found.files)
    lines = [f"{one.name}: {one.said()[0]}" for one in drawings]
    lines.append(f"wrote {len(found.files)} files in {wanted.folder}")
    return [*lines, *(f"note: {note}" for note in found.notes)]


def _check(wanted: Wanted) -> None:
    rows = (wanted.chart, wanted.cohort, wanted.labs)
    if wanted.result is None and not any(rows):
        raise _asked(
            "nothing to draw was named", "RESULT", "name a result, --chart, --cohort or --labs"
        )
    if wanted.same_moment not in ("refuse", "mean", "last_row"):
        raise _asked(
            f"'{wanted.same_moment[:20]}' is no rule for two values at one moment",
            "--same-moment", "say refuse, mean or last_row",
        )  # fmt: skip
    if (wanted.cohort is None and wanted.labs is None) != (not wanted.markers):
        raise _asked(
            "a course needs a cohort and a marker", "--cohort",
            "such as --cohort cohort.csv --trajectory il6_pg_ml --by GROUP",
        )  # fmt: skip
    if wanted.share and wanted.chart is not None:
        raise _asked(
            "a chart is drawn patient by patient and cannot be shared", "--share",
            "leave --share or --chart out",
        )  # fmt: skip
    if wanted.share and wanted.result is not None:
        raise _asked(
            "--share withholds small groups of a cohort; it does not change a result", "--share",
            "make the result with --share, or leave it out",
        )  # fmt: skip
    unknown = [ending for ending in wanted.formats if ending not in FORMATS]
    if unknown or not wanted.formats:
        raise _asked(
            f"figures are not written as '{', '.join(unknown)[:40]}'", "--format",
            f"choose from {', '.join(FORMATS)}",
        )  # fmt: skip
    if wanted.folder.exists() and not wanted.folder.is_dir():
        raise _asked("there is a file of this name", str(wanted.folder), "name another folder")
    check_folder(str(wanted.folder / "x.svg" if wanted.folder.is_dir() else wanted.folder))


def _asked(what: str, where: str, mend: str) -> Refused:
    return refuse(PlanRefused, "figures_asked", what, where=where, mend=mend)


def _of_result(wanted: Wanted) -> list[Drawing]:
    if wanted.result is None:
        return []
    if wanted.result.suffix.lower() == ".toml":
        return [_of_score(wanted.result, wanted.ranges)]
    _, document = read_result(
        wanted.result,
        KINDS,
        mend="give the JSON of develop, validate, landmark or pool (--json FILE)",
        what="this is not a result that figures are drawn from",
    )
    return result_drawings(document, wanted.only)


def _of_score(path: Path, ranges: list[str] | tuple[str, ...]) -> Drawing:
    from cartwheel.clinic.score import read_score

    spec = read_score(path)
    if spec.parameters:
        spec = spec.variants[tuple(one.default for one in spec.parameters)]
    known = pairs(list(ranges), "--range", _range)
    found = nomogram_of_score(spec, known)
    return Drawing(
        "nomogram",
        # read anew each time: its words are in the language of the drawing
        AtWidth(lambda width: draw_nomogram(nomogram_of_score(spec, known)).draw(width)),
        lambda: (say("Nomogram: {score}", score=spec.title), found.words()),
        lambda: csv_text(found.rows()),
    )


def _range(text: str) -> tuple[float, float]:
    low, _, high = text.partition(":")
    ends = float(low), float(high)
    if not ends[0] < ends[1] < float("inf"):
        raise ValueError
    return ends


def _of_chart(wanted: Wanted) -> Iterator[Drawing]:
    if wanted.chart is None:
        return
    from cartwheel.clinic.chart import ChartOptions
    from cartwheel.workflows.daily_grades import daily_grades

    mapped = pairs(list(wanted.mapping), "--map", str)
    rules = wanted.rules or tuple(rule for rule in _GRADES if rule in mapped.values())
    if not 1 <= len(rules) <= 2:
        raise _asked("a swimmer plot shows one rule or two", "--rule", "such as --rule astct-crs")
    options = ChartOptions(
        mapping=mapped, units=pairs(list(wanted.units), "--unit", str), sheet=wanted.sheet,
        runs=wanted.runs,
    )  # fmt: skip
    treatments = pairs(list(wanted.treatments), "--treatment", str)
    found = daily_grades(wanted.chart, rules, treatments, options)
    days = days_of(found, _days(wanted.days))
    rule = found.rules[0][1]
    yield Drawing(
        "swimmer",
        draw_swimmer(found),
        lambda: (say("Grades and treatments by day, one row a patient"), swimmer_words(found)),
        lambda: csv_text(swimmer_rows(found)),
    )
    yield Drawing(
        "alluvial",
        draw_alluvial(found, days),
        lambda: (say("{rule}: grades over time", rule=rule), alluvial_words(found, days)),
        lambda: csv_text(alluvial_rows(found, days)),
    )


def _days(texts: tuple[str, ...]) -> list[int]:
    try:
        return [int(text) for text in texts]
    except ValueError:
        raise _asked("a day is a whole number", "--days", "such as --days 0,3,7,14") from None


def _of_cohort(wanted: Wanted) -> Iterator[Drawing]:
    for marker in dict.fromkeys(wanted.markers):
        found = _trajectory(wanted, marker)
        yield Drawing(
            f"trajectory_{marker}",
            draw_trajectory(found),
            lambda found=found: (_course(found), trajectory_words(found)),  # type: ignore[misc]
            lambda found=found: csv_text(trajectory_rows(found)),  # type: ignore[misc]
        )


def _trajectory(wanted: Wanted, marker: str) -> Trajectory:
    """Read a marker from the laboratory file where there is one, else from columns of days."""
    if wanted.labs is None:
        assert wanted.cohort is not None  # it was checked
        return trajectory(wanted.cohort, marker, wanted.by, share=wanted.share, sheet=wanted.sheet)
    from cartwheel.landmarking.plan import LabColumns
    from cartwheel.workflows.trajectory_labs import Grouped, LabFile, lab_trajectory

    labs = LabFile(
        wanted.labs,
        LabColumns(**dict(wanted.lab_columns)),
        wanted.same_moment,  # type: ignore[arg-type]
        _days(wanted.days),
    )
    grouped = Grouped(wanted.cohort, wanted.by, wanted.patient, wanted.sheet)
    return lab_trajectory(labs, marker, grouped, share=wanted.share)


def _course(found: Trajectory) -> str:
    if found.by:
        return say("Course of {marker} by {group}", marker=found.label, group=found.by)
    return say("Course of {marker}", marker=found.label)


def _write(folder: Path, files: Mapping[str, str | bytes]) -> None:
    made = not folder.exists()
    try:
        folder.mkdir(exist_ok=True)
        write_together({str(folder / name): content for name, content in files.items()})
    except OSError as error:
        if made and folder.is_dir():
            folder.rmdir()
        raise refuse(
            FileRefused,
            "not_writable",
            f"the files could not be written ({error.strerror or type(error).__name__}); nothing "
            "was written",
            where=str(folder),
            mend="check the disk, the rights and the names",
        ) from None
