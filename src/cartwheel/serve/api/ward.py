"""The ward by call: values in, patients and events out. Patients are named by the ward's own id."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from cartwheel.errors import CohortRefused, FileRefused, Problem, Refused, refuse
from cartwheel.serve.access.audit import record
from cartwheel.serve.access.person import may
from cartwheel.serve.api.bodies import body_of, read_as, read_json
from cartwheel.serve.api.described import answers, takes
from cartwheel.serve.api.repeating import key_of
from cartwheel.serve.api.strict_routes import StrictRoute
from cartwheel.serve.api.told import ROOT
from cartwheel.serve.api.ward_asked import SentObservation, SentObservations
from cartwheel.serve.pages.ward import now_utc, ward_of_request
from cartwheel.serve.services import services
from cartwheel.serve.ward.bedside import events_after, read_bedside
from cartwheel.serve.ward.board import is_simulated, read_board, read_rows
from cartwheel.serve.ward.cells import Row
from cartwheel.serve.ward.csv_in import SentRow, items_of
from cartwheel.serve.ward.opened import WardServices
from cartwheel.serve.ward.typing import Typed
from cartwheel.store.ward_json import moment_text, standing_document
from cartwheel.watch.intake import Item, Message, Receipt

router = APIRouter(prefix=ROOT, tags=["ward"], route_class=StrictRoute)
_READ, _TYPE = may("read"), may("score")
_OBJECT = {"type": "object"}
_RECEIPT = {
    "type": "object",
    "required": ["outcome", "message", "entries", "events", "parked", "patients"],
    "properties": {
        "outcome": {"enum": ["stored", "repeat"]},
        "message": {"type": "integer"},
        "entries": {"type": "integer"},
        "events": {"type": "integer"},
        "parked": {"type": "integer"},
        "patients": {"type": "array", "items": {"type": "string"}},
    },
}
_EXAMPLE = {
    "observations": [
        {
            "patient": "4711", "system": "HOSPITAL", "name": "crp", "value": 84, "unit": "mg/L",
            "taken_at": "2026-11-21T06:10:00+01:00",
        }
    ]
}  # fmt: skip
_Patient = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$", description="The ward's own id.")]
_MOST = 1000


@router.post(
    "/ward/observations",
    operation_id="send_observations",
    summary="Send values to the ward",
    responses=answers(_RECEIPT, 400, 404, 413, 415, status=201, said="Kept, and durable"),
    openapi_extra=takes(SentObservations, once=True, crp=_EXAMPLE),
)
async def send_observations(request: Request) -> Response:
    """Keep values with everything that follows from them, before this call answers.

    The same body, or the same ``Idempotency-Key``, is kept once. All are kept or none; what is
    wrong is said of all at once.
    """
    who = _TYPE(request)
    opened = ward_of_request(request)
    body = await body_of(request)
    asked = read_as(SentObservations, read_json(body, exact=True))
    key = key_of(request) or ""
    named = f"{who.name}\0{key}" if key else f"sha256:{hashlib.sha256(body).hexdigest()}"
    message = await run_in_threadpool(_message, opened, asked, body, named)
    receipt = await opened.ingest.accept_soon(message)
    if receipt.problem is not None:
        raise Refused((receipt.problem,))
    record(services(request), who, "ward values sent", f"message {receipt.message}")
    return Response(_told(receipt), 201, media_type="application/json")


def _message(opened: WardServices, asked: SentObservations, body: bytes, named: str) -> Message:
    rows = []
    problems: list[Problem] = []
    for place, one in enumerate(asked.observations, 1):
        where = f"observation {place}"
        value, problem = _text(one, opened, where)
        problems += [problem] if problem is not None else []
        typed = Typed(one.name, value, one.unit, one.taken_at, one.ends_at, one.status)
        rows.append(SentRow(where, one.patient, one.system, typed, one.source))
    items: tuple[Item, ...] = ()
    if problems:
        raise CohortRefused(problems)
    items = items_of(rows, opened, now_utc())
    key = "call:" + hashlib.sha256(named.encode("utf-8", "surrogatepass")).hexdigest()
    return Message("rest", key, body, items)


def _text(one: SentObservation, opened: WardServices, where: str) -> tuple[str, Problem | None]:
    """Write a value as it would be typed; its kind has to be that of what is measured."""
    value, kind = one.value, opened.ward.names.get(one.name, "")
    if value is None:
        return "", None
    if isinstance(value, bool):
        wrong = kind != "yes_no"
        text = "yes" if value else "no"
    elif isinstance(value, int | Decimal):
        wrong = kind not in ("quantity", "number")
        text = format(value, "f") if isinstance(value, Decimal) else str(value)
    elif isinstance(value, list):
        wrong = kind != "names" or not all(isinstance(part, str) for part in value)
        text = "; ".join(map(str, value)) or "none"
    else:
        wrong, text = not isinstance(value, str) or len(value) > 200, str(value)
    if not wrong or not kind:
        return text, None
    what = f"this kind of value does not fit {one.name}, which is {kind.replace('_', ' or ')}"
    return "", Problem("value_kind", what, f"{where}, value", "see the kind in the dictionary")


def _told(receipt: Receipt) -> str:
    return json.dumps({
        "outcome": receipt.outcome, "message": receipt.message, "entries": receipt.entries,
        "events": receipt.events, "parked": receipt.parked, "patients": list(receipt.patients),
    })  # fmt: skip


@router.get(
    "/ward/board",
    operation_id="ward_board",
    summary="Give every patient of the ward",
    responses=answers(_OBJECT, 404),
)
def ward_board(request: Request, hours: Annotated[int, Query(ge=1, le=168)] = 12) -> Response:
    """Give each patient's standings, what changed in these hours, and open alerts; no names."""
    who = _READ(request)
    opened = ward_of_request(request)
    board = read_board(opened, "risk", timedelta(hours=hours), now_utc())
    record(services(request), who, "ward read")
    told = {
        "ward": opened.ward.ward,
        "simulated": is_simulated(opened),
        "at": moment_text(board.at),
        "newest_entry": board.newest,
        "counts": dict(board.counts),
        "parked": board.parked,
        "patients": [_row(row) for row in board.rows],
    }
    return _json(told)


def _row(row: Row) -> dict[str, Any]:
    return {
        "patient": row.patient,
        "state": row.state,
        "entry": row.entry,
        "day": row.day,
        "last_taken_at": None if row.taken is None else moment_text(row.taken),
        "stale": row.quiet,
        "targets": {
            one.column.target: {
                "kind": one.column.kind, "shown": one.told, "beside": one.beside,
                "missing": list(one.missing), "moved": one.moved, "text": one.text,
                "simulated": one.simulated,
            }
            for one in row.cells
        },
        "alerts": [{**asdict(one), "at": moment_text(one.at)} for one in row.alerts],
    }  # fmt: skip


@router.get(
    "/ward/patients/{patient}",
    operation_id="ward_patient",
    summary="Give one patient as he is known, or was known at a moment",
    responses=answers(_OBJECT, 404),
)
def ward_patient(
    request: Request, patient: _Patient, at: Annotated[str, Query(max_length=40)] = ""
) -> Response:
    """Give every standing with what it rests on; with ``at`` only what was known by then."""
    who = _READ(request)
    opened = ward_of_request(request)
    moment = None if not at else _moment(at)
    bed = read_bedside(opened, patient, moment)
    row = read_rows(opened, [patient], timedelta(hours=12), now_utc())[0]
    record(services(request), who, "ward patient read", patient)
    episode = bed.episode
    told = {
        **_row(row),
        "state": bed.state,
        "known_at": None if moment is None else moment_text(moment),
        "merged_into": bed.merged_into,
        "infusion": None if episode is None or episode.infusion is None
        else moment_text(episode.infusion),
        "standings": [] if episode is None
        else [standing_document(one) for one in episode.standings.values()],
    }  # fmt: skip
    if moment is not None:
        # the row is of now
        for name in ("targets", "alerts", "entry", "day", "last_taken_at", "stale"):
            del told[name]
    return _json(told)


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise refuse(
            FileRefused, "time_form", "this is not a moment with an offset from UTC", where="at",
            mend="write it as 2026-11-21T14:05:00Z",
        )  # fmt: skip
    return found.astimezone(now_utc().tzinfo)


@router.get(
    "/ward/patients/{patient}/events",
    operation_id="ward_events",
    summary="List what followed from a patient's values, in the order of knowing",
    responses=answers(_OBJECT, 404),
)
def ward_events(
    request: Request,
    patient: _Patient,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    most: Annotated[int, Query(ge=1, le=_MOST)] = 200,
) -> Response:
    """List changes and steps of alerts with numbers above ``after``."""
    who = _READ(request)
    found = events_after(ward_of_request(request), patient, after, most)
    record(services(request), who, "ward events read", patient)
    last = found[-1]["number"] if found else after
    return _json({"patient": patient, "events": found, "after": last, "more": len(found) == most})


def _json(told: Any) -> Response:
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    headers = {"Cache-Control": "no-store"}
    return Response(text, media_type="application/json", headers=headers)
