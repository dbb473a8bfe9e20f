"""``cartwheel monitor drift``: whether a ward still is as it was."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from cartwheel.cli.common import WIDTH, write_json
from cartwheel.errors import CohortRefused, FileRefused, PlanRefused, refuse

if TYPE_CHECKING:
    from cartwheel.estimate import Estimate
    from cartwheel.store.database import Store
    from cartwheel.watch.drift_patient import By, DriftReading, Outcome
    from cartwheel.watch.ward import Ward
    from cartwheel.workflows.monitor_drift import LogRead
    from cartwheel.workflows.monitor_drift_result import MonitorDrift

_SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class AskedDrift:
    """What the command line was told.

    Parameters
    ----------
    ward : Path
        Ward file.
    data : Path or None
        Folder of the log.
    database : str or None
        PostgreSQL instead.
    by : str
        ``month`` or ``quarter``.
    reference : str
        ``2026-01..2026-06``; empty for the first half.
    outcomes : Path or None
        File that says what followed.
    event, onset, followed : str or None
        Its columns.
    horizon : float or None
        Days, of risks that do not say their own.
    """

    ward: Path
    data: Path | None
    database: str | None
    by: str
    reference: str
    outcomes: Path | None
    event: str | None
    onset: str | None
    followed: str | None
    horizon: float | None


def show_drift(asked: AskedDrift, json: str | None) -> None:
    """Look for drift in a ward's log, print it and write it.

    Parameters
    ----------
    asked : AskedDrift
        What the command line was told.
    json : str or None
        Where the result goes.

    Raises
    ------
    PlanRefused
        ``by_unknown``, ``reference_form``, ``outcome_columns``, ``no_risk``, and what
        `check_outputs` refuses.
    FileRefused
        ``no_log``, and what the ward file refuses.
    CohortRefused
        What the file of outcomes refuses; ``nobody_known`` where it names nobody of the ward,
        ``patient_twice`` where it names somebody by two of his numbers.
    """
    from cartwheel.cli.pool_run import check_outputs
    from cartwheel.cli.serve_run import require_serve

    require_serve()
    inputs = [asked.ward, *([asked.outcomes] if asked.outcomes else [])]
    check_outputs(inputs, {"report": None, "json": json, "figures": None})
    from cartwheel.store.database import FILE, default_folder, open_store
    from cartwheel.watch.drift_patient import DriftReading
    from cartwheel.workflows.monitor_drift import DriftAsked, drift_of_log, reference_of
    from cartwheel.workflows.monitor_open import open_ward

    by = _by(asked.by)
    reference = reference_of(asked.reference, by) if asked.reference else None
    ward = open_ward(asked.ward)
    folder = asked.data or default_folder()
    if asked.database is None and not (folder / FILE).is_file():
        raise refuse(
            FileRefused, "no_log", "there is no log in this folder", where=str(folder),
            mend="name the folder of the server: --data DIR",
        )  # fmt: skip
    store = open_store(folder, asked.database)
    try:
        risks, outcomes = _outcomes(asked, ward, store)
        reading = DriftReading(ward, by, datetime.now(UTC), risks, outcomes)
        name = "" if asked.outcomes is None else asked.outcomes.name
        read = _read(store, reading, name)
    finally:
        store.close()
    done = drift_of_log(read, reading, DriftAsked(by, reference))
    if json != "-":
        print("\n".join(drift_lines(done)))
    if json is not None:
        write_json(json, done)


def _by(text: str) -> By:
    if text not in ("month", "quarter"):
        raise refuse(
            PlanRefused, "by_unknown", "there are months and quarters", where="--by",
            mend="write --by month, or --by quarter",
        )  # fmt: skip
    return cast("By", text)


def _outcomes(asked: AskedDrift, ward: Ward, store: Store) -> tuple[Any, Any]:
    from cartwheel.watch.drift_followed import risks_against

    said = (asked.outcomes, asked.event, asked.onset, asked.followed, asked.horizon)
    if not any(said):
        return ward.risks, None
    if asked.outcomes is None or not asked.event or not asked.onset:
        raise refuse(
            PlanRefused, "outcome_columns", "a file of outcomes needs both its columns",
            where="--outcomes", mend="--outcomes F.csv --event COLUMN --onset COLUMN",
        )  # fmt: skip
    risks = risks_against(asked.event, ward.targets, asked.horizon, ward.risks)
    if not risks:
        raise refuse(
            PlanRefused, "no_risk", "nothing that the ward follows tells a risk with a horizon",
            where="--outcomes", mend="name the horizon: --horizon DAYS; or follow a score with a "
            "risk, or a landmark model",
        )  # fmt: skip
    return risks, _of_ids(asked, store)


def _of_ids(asked: AskedDrift, store: Store) -> Mapping[str, Outcome]:
    from cartwheel.store.ward_drift import log_ends, patients_called
    from cartwheel.workflows.monitor_outcomes import outcomes_of_patients

    assert asked.outcomes is not None
    found = outcomes_of_patients(
        asked.outcomes, asked.event or "", asked.onset or "", asked.followed or ""
    )
    with store.reading() as connection:
        ids = {end.patient: {end.patient} for end in log_ends(connection)}
        for value, patient in patients_called(connection):
            ids.setdefault(value, set()).add(patient)
    # a number that two hospitals gave to two persons says nothing
    known = {name: next(iter(ids[name])) for name in found if len(ids.get(name, ())) == 1}
    if not known:
        raise refuse(
            CohortRefused, "nobody_known", "the file names nobody whom the ward follows",
            where=asked.outcomes.name,
            mend="name patients by their record number, or by the ward's own id",
        )  # fmt: skip
    twice = len(known) - len(set(known.values()))
    if twice:
        raise refuse(
            CohortRefused, "patient_twice",
            f"{twice} rows are of patients who stand there by another number of theirs too",
            where=asked.outcomes.name, mend="one row a patient: leave the others out",
        )  # fmt: skip
    return {known[name]: found[name] for name in known}


def _read(store: Store, reading: DriftReading, outcomes: str) -> LogRead:
    from cartwheel.store.ward_drift import drift_log, log_ends, parked_by
    from cartwheel.watch.drift_patient import patient_rows
    from cartwheel.workflows.monitor_drift import LogRead

    with store.reading() as connection:
        ends = log_ends(connection)
        parked = parked_by(connection, reading.period)
    rows = []
    for place, end in enumerate(ends):
        if sys.stderr.isatty() and place % 100 == 0:
            print(f"\r{place} of {len(ends)} patients", end="", file=sys.stderr, flush=True)
        with store.reading() as connection:
            rows.append(patient_rows(drift_log(connection, end), reading))
    last = max((end.last_entry for end in ends), default=0)
    return LogRead(rows, parked, last, reading.now, outcomes)


def drift_lines(done: MonitorDrift) -> Iterator[str]:
    """Write drift of a ward for the terminal.

    Parameters
    ----------
    done : MonitorDrift
        The result.

    Yields
    ------
    str
        Lines of at most 80 columns; of the whole ward, its places stand in the JSON.
    """
    counts = done.counts
    if done.simulated:
        yield "SIMULATED: this ward, or a score or model of it, is simulated"
    first, last = done.drift.plan.reference
    yield f"{done.ward}: {counts.patients} patients, {counts.values} values"
    if first:
        yield f"{len(counts.periods)} periods; compared with {first} to {last}"
    yield ""
    for finding in done.findings:
        yield from _wrapped(f"{finding.severity}: {finding.what}", "")
        yield from _wrapped(f"{finding.evidence}; {finding.mend}" if finding.mend else
                            finding.evidence)  # fmt: skip
    if not done.findings:
        yield "No finding."
    yield from _inputs(done)
    yield from _refusals(done)
    yield from _calibration(done)
    yield ""
    for note in done.notes:
        yield from _wrapped(f"- {note}")


def _inputs(done: MonitorDrift) -> Iterator[str]:
    rows = [row for row in done.drift.inputs if not row.centre and not row.withheld]
    rows.sort(key=lambda row: (row.name, row.period))
    if not rows:
        return
    yield ""
    heads = f"{'input':22}{'period':9}{'n':>5}{'measured':>10}"
    yield f"{heads}{'median (quartiles)':>24}{'distance':>10}"
    for row in rows:
        share = ""
        if row.missing is not None and row.missing.value is not None:
            share = f"{100 * (1 - row.missing.value):.0f} %"
        ends = (row.low_quartile, row.high_quartile)
        middle = "-"
        if row.median is not None:
            middle = f"{row.median:.3g} ({ends[0]:.3g} to {ends[1]:.3g})"
        distance = "" if row.distance is None else f"{row.distance:.2f}"
        mark = "*" if row.adjusted_p is not None and row.adjusted_p < _SIGNIFICANT else ""
        yield (
            f"{row.name[:21]:22}{row.period:9}{row.patients:>5}{share:>10}{middle:>24}"
            f"{distance + mark:>10}"
        )
    yield "* p below 0.05 after Holm"


def _refusals(done: MonitorDrift) -> Iterator[str]:
    rows = [row for row in done.drift.refusals if not row.centre and not row.withheld]
    if not rows:
        return
    yield ""
    yield f"{'no answer':30}{'period':9}{'n':>5}{'share (95 % interval)':>28}"
    for row in rows:
        yield f"{row.target[:29]:30}{row.period:9}{row.patients:>5}{_share(row.refused):>28}"


def _calibration(done: MonitorDrift) -> Iterator[str]:
    rows = [row for row in done.drift.calibration if not row.centre and not row.withheld]
    if not rows:
        return
    yield ""
    yield f"{'risk':22}{'period':12}{'n':>5}{'told':>7}{'observed':>10}{'observed/expected':>24}"
    for row in rows:
        told = "" if row.expected is None else f"{100 * row.expected:.0f} %"
        observed = row.observed.value if row.observed is not None else None
        seen = "-" if observed is None else f"{100 * observed:.0f} %"
        ratio = "-" if row.ratio is None else _said(row.ratio, 1.0, ".2f")
        yield f"{row.target[:21]:22}{row.period:12}{row.patients:>5}{told:>7}{seen:>10}{ratio:>24}"


def _share(one: Estimate | None) -> str:
    return "-" if one is None else _said(one, 100.0, ".0f") + " %"


def _said(one: Estimate, times: float, form: str) -> str:
    if one.value is None:
        return "-"
    said = format(times * one.value, form)
    if one.low is None or one.high is None:
        return said
    return f"{said} ({format(times * one.low, form)} to {format(times * one.high, form)})"


def _wrapped(text: str, indent: str = "  ") -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
