"""Metrics in the text format of Prometheus; no label and no number is of one patient.

What a sender can write into a message is a label only where it is of a known table: a code that is
LOINC or in the centre's table, a unit that is known.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import func, select

from cartwheel import __version__
from cartwheel.clinic.loinc import loinc_codes
from cartwheel.errors import Refused
from cartwheel.serve.access.person import Person, may
from cartwheel.serve.services import services
from cartwheel.serve.ward.keeper import utc_now
from cartwheel.serve.ward.meter import LIMITS, Histogram
from cartwheel.serve.ward.opened import WardServices
from cartwheel.store.database import Store
from cartwheel.store.ward_json import moment_of
from cartwheel.store.ward_parked import count_parked
from cartwheel.store.ward_people import FOLLOWED, count_patients
from cartwheel.store.ward_tables import episodes, outbox
from cartwheel.units import known_unit
from cartwheel.watch.codes import CodeTable

TEXT = "text/plain; version=0.0.4; charset=utf-8"
SEVERITIES = ("info", "warning", "critical")
# seconds for which what the database counts is told again
_FRESH = 5.0

Labels = Mapping[str, str]
Sample = tuple[Labels, float]

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Counted:
    """What the database says of a ward.

    Parameters
    ----------
    patients : mapping of str to int
        By state.
    alerts : mapping of str to int
        Open ones by severity.
    parked : mapping of (str, str, str, str) to int
        By interface, reason, code and unit.
    outbox : mapping of (str, str) to int
        By target, and ``waiting`` or ``dead``.
    due_at : datetime or None
        The earliest moment that the clock has not looked at yet.
    """

    patients: Mapping[str, int] = field(default_factory=dict)
    alerts: Mapping[str, int] = field(default_factory=dict)
    parked: Mapping[tuple[str, str, str, str], int] = field(default_factory=dict)
    outbox: Mapping[tuple[str, str], int] = field(default_factory=dict)
    due_at: datetime | None = None


class Counting:
    """Counts in the database, at most every five seconds, whoever asks.

    Parameters
    ----------
    store : Store
        Where.
    """

    def __init__(self, store: Store) -> None:
        self._store, self._lock = store, Lock()
        self._counted: Counted | None = None
        self._at = float("-inf")
        self.errors = 0

    def now(self, codes: CodeTable) -> Counted | None:
        """Count.

        Parameters
        ----------
        codes : CodeTable
            The centre's.

        Returns
        -------
        Counted or None
            None where the database does not answer.
        """
        with self._lock:
            if time.monotonic() - self._at > _FRESH:
                try:
                    self._counted = counted(self._store, codes)
                except Refused:
                    self._counted = None
                    self.errors += 1
                self._at = time.monotonic()
            return self._counted


def counted(store: Store, codes: CodeTable) -> Counted:
    """Count in the database.

    Parameters
    ----------
    store : Store
        Where.
    codes : CodeTable
        The centre's.

    Returns
    -------
    Counted

    Raises
    ------
    FileRefused
        ``store_unavailable``.
    """
    is_dead = outbox.c.dead_at.is_not(None)
    waiting = (
        select(outbox.c.target, is_dead, func.count())
        .where(outbox.c.done_at.is_(None))
        .group_by(outbox.c.target, is_dead)
    )
    followed = select(episodes.c.summary).where(episodes.c.state == "assigned")
    due = select(func.min(episodes.c.due_at)).where(episodes.c.state.in_(FOLLOWED))
    with store.reading() as connection:
        patients = count_patients(connection)
        alerts = Counter(_severities(connection.execute(followed).scalars()))
        parked: Counter[tuple[str, str, str, str]] = Counter()
        for one in count_parked(connection):
            code = one.code if _is_known_code(one.code, codes) else ""
            unit = known_unit(one.unit) or "" if one.unit else ""
            parked[one.interface, one.reason, code, unit] += one.many
        sent = {
            (str(target), "dead" if dead else "waiting"): int(many)
            for target, dead, many in connection.execute(waiting)
        }
        earliest = connection.execute(due).scalar()
    return Counted(patients, alerts, parked, sent, moment_of(earliest) if earliest else None)


def _severities(summaries: Iterable[str]) -> Iterator[str]:
    for text in summaries:
        for one in json.loads(text).get("alerts", ()):
            yield str(one["severity"])


def _is_known_code(code: str, codes: CodeTable) -> bool:
    return code in loinc_codes() or any(row.code == code for row in codes.rows)


def metrics_text(opened: WardServices, found: Counted | None, cds: Any = None) -> str:
    """Write all metrics.

    Parameters
    ----------
    opened : WardServices
        The ward.
    found : Counted or None
        What the database says; None where it does not answer.
    cds : Desk, optional
        Of CDS Hooks.

    Returns
    -------
    str
    """
    parts = [*_intake(opened), *_ward(found)]
    if cds is not None:
        answers = [
            ({"service": name, "status": str(status)}, float(many))
            for (name, status), many in sorted(cds.answers.items())
        ]
        parts.append(
            _family("cartwheel_cds_answers_total", "counter", "Answers of CDS Hooks", answers)
        )
        parts.append(
            _histograms("cartwheel_cds_seconds", "Until a card was answered", {"": cds.took})
        )
    return "".join(parts)


def _intake(opened: WardServices) -> Iterator[str]:
    yield _family("cartwheel_info", "gauge", "Version", [({"version": __version__}, 1.0)])
    ingest = opened.ingest
    outcomes = ingest.meter.outcomes()
    yield _family(
        "cartwheel_ward_messages_total", "counter", "Messages by interface and what became of them",
        [
            ({"interface": way, "outcome": what}, many)
            for (way, what), many in sorted(outcomes.items())
        ],
    )  # fmt: skip
    problems = ingest.meter.problems()
    yield _family(
        "cartwheel_ward_refused_total", "counter", "Messages that were not kept, by reason",
        [({"reason": code}, many) for code, many in sorted(problems.items())],
    )  # fmt: skip
    yield _family(
        "cartwheel_ward_store_errors_total", "counter", "Messages that the database did not keep",
        [({}, problems.get("store_unavailable", 0))],
    )  # fmt: skip
    yield _histograms(
        "cartwheel_ward_message_seconds", "Until a message was durable, with all that follows",
        ingest.meter.took(),
    )  # fmt: skip
    for name, help_text in (
        ("entries", "Lines of the log"), ("events", "Changes of answers and steps of alerts"),
        ("parked", "Items that could not be used"), ("ticks", "Patients the clock looked at"),
        ("groups", "Transactions"),
    ):  # fmt: skip
        many = float(getattr(ingest.counts, name))
        yield _family(f"cartwheel_ward_{name}_total", "counter", help_text, [({}, many)])
    yield _family(
        "cartwheel_ward_queue", "gauge", "Messages that wait", [({}, float(ingest.waiting))]
    )
    yield _family(
        "cartwheel_ward_writer_up", "gauge", "Whether messages are kept",
        [({}, float(ingest.alive))],
    )  # fmt: skip
    for interface, read in sorted(opened.counters.items()):
        yield _family(
            f"cartwheel_{interface}_total", "counter", f"Counted by {interface}",
            [({"what": what}, many) for what, many in sorted(read().items())],
        )  # fmt: skip


def _ward(found: Counted | None) -> Iterator[str]:
    up: list[Sample] = [({}, float(found is not None))]
    yield _family("cartwheel_store_up", "gauge", "Whether the database answers", up)
    if found is None:
        return
    yield _family(
        "cartwheel_ward_patients", "gauge", "Patients by state",
        [({"state": state}, many) for state, many in sorted(found.patients.items())],
    )  # fmt: skip
    yield _family(
        "cartwheel_ward_alerts_open", "gauge", "Alerts that stand",
        [({"severity": one}, found.alerts.get(one, 0)) for one in SEVERITIES],
    )  # fmt: skip
    yield _family(
        "cartwheel_ward_parked", "gauge", "Items that wait for the table of codes",
        [
            (dict(zip(("interface", "reason", "code", "unit"), key, strict=True)), many)
            for key, many in sorted(found.parked.items())
        ],
    )  # fmt: skip
    yield _family(
        "cartwheel_ward_outbox", "gauge", "What is still to be sent, and what was given up",
        [({"target": to, "state": how}, many) for (to, how), many in sorted(found.outbox.items())],
    )  # fmt: skip
    late = 0.0 if found.due_at is None else (utc_now() - found.due_at).total_seconds()
    yield _family(
        "cartwheel_ward_clock_lag_seconds", "gauge", "How late the clock is",
        [({}, max(0.0, late))],
    )  # fmt: skip


def _family(name: str, kind: str, help_text: str, samples: Iterable[Sample]) -> str:
    lines = [f"# HELP {name} {help_text}.", f"# TYPE {name} {kind}"]
    lines += [f"{name}{_labels(labels)} {value:.15g}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def _histograms(name: str, help_text: str, several: Mapping[str, Histogram]) -> str:
    lines = [f"# HELP {name} {help_text}.", f"# TYPE {name} histogram"]
    for interface, one in sorted(several.items()):
        labels = {"interface": interface} if interface else {}
        for limit in LIMITS:
            le = _labels({**labels, "le": f"{limit:g}"})
            lines.append(f"{name}_bucket{le} {one.within[limit]}")
        lines.append(f"{name}_bucket{_labels({**labels, 'le': '+Inf'})} {one.many}")
        lines.append(f"{name}_sum{_labels(labels)} {one.seconds:.6f}")
        lines.append(f"{name}_count{_labels(labels)} {one.many}")
    return "\n".join(lines) + "\n"


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


@router.get("/metrics")
def metrics(request: Request, _: Annotated[Person, Depends(may("read"))]) -> Response:
    """Tell the metrics to whoever has an account's token."""
    opened = services(request).ward
    if opened is None:
        return Response(status_code=404)
    state = request.app.state
    if not hasattr(state, "counting"):
        state.counting = Counting(opened.store)
    found = state.counting.now(opened.codes.table)
    return Response(metrics_text(opened, found, getattr(state, "cds", None)), media_type=TEXT)
