"""The ward: every patient at a glance, updated as labs arrive; the sheet for the handover."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response, StreamingResponse

from cartwheel.errors import FileRefused, refuse
from cartwheel.serve.access.audit import record
from cartwheel.serve.access.person import Person, may
from cartwheel.serve.jobs.events import EVENT_STREAM, HEADERS, event
from cartwheel.serve.rendering import fragment, page, templates
from cartwheel.serve.services import services
from cartwheel.serve.ward.board import (
    SORTS,
    Sort,
    columns_of,
    followed_until,
    is_simulated,
    read_board,
    read_rows,
)
from cartwheel.serve.ward.cells import Row
from cartwheel.serve.ward.feed import PatientChanged
from cartwheel.serve.ward.opened import WardServices
from cartwheel.serve.ward.saying import clock_shown, moment_shown

router = APIRouter()
Reader = Annotated[Person, Depends(may("read"))]
Hours = Annotated[int, Query(ge=1, le=168)]
WINDOWS = (6, 12, 24, 48)
# seconds of quiet after which a page hears that the server is there
_QUIET = 8.0
STREAM_SECONDS = 900.0


def now_utc() -> datetime:
    """Tell the time.

    Returns
    -------
    datetime
        UTC.
    """
    return datetime.now(UTC)


def ward_of_request(request: Request) -> WardServices:
    """Find the open ward.

    Parameters
    ----------
    request : Request
        Any.

    Returns
    -------
    WardServices

    Raises
    ------
    FileRefused
        ``no_ward``: the server follows none.
    """
    found = services(request).ward
    if found is None:
        raise refuse(
            FileRefused, "no_ward", "this server follows no ward", where="ward",
            mend="the page /ward says how to begin",
        )  # fmt: skip
    return found


def ward_words(opened: WardServices, who: Person) -> dict[str, Any]:
    """Gather what every page of the ward says.

    Parameters
    ----------
    opened : WardServices
        Open.
    who : Person
        Who reads.

    Returns
    -------
    dict
        For templates that extend ``ward/ward_base.html``.
    """
    return {
        "ward": opened.ward,
        "ward_simulated": is_simulated(opened),
        "may_type": who.may("score"),
        "may_edit_codes": who.may("administer"),
        "shown": lambda moment: moment_shown(moment, opened.zone),
        "short": lambda moment: clock_shown(moment, opened.zone),
    }


def _sort(text: str) -> Sort:
    return cast(Sort, text) if text in SORTS else "risk"


@router.get("/ward")
def board_page(request: Request, who: Reader, sort: str = "risk", hours: Hours = 12) -> Response:
    """Show every patient; without a ward file, how to begin."""
    opened = services(request).ward
    if opened is None:
        return page(request, "ward/begin.html")
    record(services(request), who, "ward read")
    return page(request, "ward/board.html", **_words(opened, who, _sort(sort), hours))


def _words(opened: WardServices, who: Person, sort: Sort, hours: int) -> dict[str, Any]:
    board = read_board(opened, sort, timedelta(hours=hours), now_utc())
    return {
        **ward_words(opened, who),
        "board": board,
        "columns": board.columns,
        "sort": sort,
        "sorts": SORTS,
        "hours": hours,
        "windows": WINDOWS,
    }


@router.get("/ward/rows")
def board_rows(request: Request, who: Reader, sort: str = "risk", hours: Hours = 12) -> Response:
    """Give the rows of the table again, in order."""
    opened = ward_of_request(request)
    return fragment(request, "ward/rows.html", **_words(opened, who, _sort(sort), hours))


@router.get("/ward/alerts")
def board_alerts(request: Request, who: Reader) -> Response:
    """Give the alerts that wait, and what is counted."""
    opened = ward_of_request(request)
    return fragment(request, "ward/alerts.html", **_words(opened, who, "risk", 12))


@router.get("/ward/handover")
def handover(request: Request, who: Reader, sort: str = "bed", hours: Hours = 12) -> Response:
    """Give one line a patient, for print."""
    opened = ward_of_request(request)
    record(services(request), who, "ward handover read")
    words = _words(opened, who, _sort(sort), hours)
    return page(request, "ward/handover.html", **words)


@router.get("/ward/events")
def board_events(
    request: Request, who: Reader, after: Annotated[int, Query(ge=0)] = 0, hours: Hours = 12
) -> Response:
    """Tell what changes: rows as they are now, and that the server is there."""
    opened = ward_of_request(request)
    return StreamingResponse(
        _told(request, opened, ward_words(opened, who), (after, hours)),
        media_type=EVENT_STREAM, headers=HEADERS,
    )  # fmt: skip


async def _told(
    request: Request, opened: WardServices, words: dict[str, Any], asked: tuple[int, int]
) -> AsyncIterator[str]:
    after, hours = asked
    alerts: dict[str, tuple[object, ...]] = {}
    there = await asyncio.to_thread(followed_until, opened, after)
    yield "retry: 1000\n\n"
    yield event("alive", clock_told(opened))
    begun = time.monotonic()
    async for changed in opened.feed.changes(after, _QUIET):
        # the browser comes again by itself, and the door looks again who it is
        if time.monotonic() - begun > STREAM_SECONDS or await request.is_disconnected():
            return
        if changed:
            rows = await asyncio.to_thread(_read, opened, changed, hours)
            known = [row for row in rows if row.patient in there or row.state != "assigned"]
            text = templates().get_template("ward/changed.html").render(
                rows=known, columns=columns_of(opened), board=None, **words
            )  # fmt: skip
            yield event("rows", text)
            if strangers := {row.patient for row in rows if row.state == "assigned"} - there:
                # the page has no row of them: it asks for all again
                there |= strangers
                yield event("renew", "")
            if _other_alerts(alerts, rows):
                yield event("alerts", "")
        yield event("alive", clock_told(opened))


def _read(opened: WardServices, changed: Sequence[PatientChanged], hours: int) -> tuple[Row, ...]:
    wanted = [one.patient for one in changed]
    window, now = timedelta(hours=hours), now_utc()
    found: list[Row] = []
    for start in range(0, len(wanted), 500):
        found += read_rows(opened, wanted[start : start + 500], window, now)
    return tuple(found)


def _other_alerts(known: dict[str, tuple[object, ...]], rows: Sequence[Row]) -> bool:
    """Tell whether what is said above the table may be another now."""
    is_other = False
    for row in rows:
        said = (row.state, *((one.alert, one.severity, one.seen) for one in row.alerts))
        is_other = is_other or said != known.get(row.patient, ("assigned",))
        known[row.patient] = said
    return is_other


def clock_told(opened: WardServices) -> str:
    """Tell the time of the ward, for a page that shows when it last heard.

    Parameters
    ----------
    opened : WardServices
        Open.

    Returns
    -------
    str
        ``14:05:09``.
    """
    return f"{now_utc().astimezone(opened.zone):%H:%M:%S}"
