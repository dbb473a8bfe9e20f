"""One patient of the ward: time line, what it rests on, what was known when; typing, correcting."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response, StreamingResponse

from cartwheel.errors import CohortRefused, Problem, Refused, refuse
from cartwheel.serve.access.audit import record
from cartwheel.serve.access.person import Person, may
from cartwheel.serve.jobs.events import EVENT_STREAM, HEADERS, event
from cartwheel.serve.pages.ward import (
    STREAM_SECONDS,
    clock_told,
    now_utc,
    ward_of_request,
    ward_words,
)
from cartwheel.serve.problems import status_of
from cartwheel.serve.rendering import fragment, page
from cartwheel.serve.services import services
from cartwheel.serve.ward.bedside import Bedside, alert_history, corrections_of, read_bedside
from cartwheel.serve.ward.board import input_labels, read_rows
from cartwheel.serve.ward.cells import ShownAlert, range_told, risk_told
from cartwheel.serve.ward.opened import WardServices
from cartwheel.serve.ward.saying import (
    age_shown,
    field_shown,
    label_of,
    local_moment,
    short_title,
)
from cartwheel.serve.ward.timeline import time_line, values_by_name
from cartwheel.serve.ward.typing import (
    Typed,
    arrived,
    choice_of,
    choices_of,
    observation_of,
    own,
    page_message,
    value_shown,
)
from cartwheel.store.ward_json import moment_of, moment_text
from cartwheel.watch.intake import (
    Acknowledged,
    Item,
    Message,
    Person as Somebody,
    Receipt,
    Unmerge,
)
from cartwheel.watch.observation import MILESTONES, TREATMENTS, Observation

router = APIRouter()
Reader = Annotated[Person, Depends(may("read"))]
Typist = Annotated[Person, Depends(may("score"))]
DAYS = {7: "7 days", 14: "14 days", 30: "30 days", 0: "all"}
_FIELDS = ("name", "value", "unit", "taken_at", "ends_at", "status")
# sources of what people typed or sent in rows: these may be corrected here
_OURS = ("page:", "sent:")
_QUIET = 8.0


@router.get("/ward/patient/{patient}")
def patient_page(
    request: Request,
    who: Reader,
    patient: str,
    at: str = "",
    days: Annotated[int, Query(ge=0, le=400)] = 14,
    kept: str = "",
) -> Response:
    """Show a patient as he is known now, or as he was known at a moment."""
    opened = ward_of_request(request)
    moment = local_moment(at, opened.zone, "at") if at.strip() else None
    words = _words(request, who, patient, (moment, days))
    record(services(request), who, "ward patient read", patient)
    return page(request, "ward/patient.html", **words, kept=kept)


@router.get("/ward/patient/{patient}/now")
def patient_now(
    request: Request, who: Reader, patient: str, days: Annotated[int, Query(ge=0, le=400)] = 14
) -> Response:
    """Give the part of the page that changes as values arrive."""
    return fragment(request, "ward/now.html", **_words(request, who, patient, (None, days)))


@router.get("/ward/patient/{patient}/events")
def patient_events(
    request: Request, _: Reader, patient: str, after: Annotated[int, Query(ge=0)] = 0
) -> Response:
    """Tell that something came in for this patient."""
    opened = ward_of_request(request)

    async def told() -> AsyncIterator[str]:
        yield "retry: 1000\n\n"
        yield event("alive", clock_told(opened))
        begun = time.monotonic()
        async for changed in opened.feed.changes(after, _QUIET):
            # the browser comes again by itself, and the door looks again who it is
            if time.monotonic() - begun > STREAM_SECONDS or await request.is_disconnected():
                return
            if any(one.patient == patient for one in changed):
                yield event("changed", "")
            yield event("alive", clock_told(opened))
            await asyncio.sleep(0)

    return StreamingResponse(told(), media_type=EVENT_STREAM, headers=HEADERS)


def _words(
    request: Request, who: Person, patient: str, asked: tuple[datetime | None, int]
) -> dict[str, Any]:
    moment, days = asked
    opened = ward_of_request(request)
    bed = read_bedside(opened, patient, moment)
    now = moment or now_utc()
    until = None if moment is None else moment_text(moment)
    row = read_rows(opened, [patient], timedelta(hours=12), now)[0]
    episode = bed.episode
    return {
        **ward_words(opened, who),
        **_form_words(opened, bed),
        "bed": bed,
        "row": row,
        "at": moment,
        "at_field": field_shown(now, opened.zone),
        "days": days,
        "spans": DAYS,
        "day": None if episode is None or episode.infusion is None
        else (now - episode.infusion) / timedelta(days=1),
        "alerts": _alerts(opened, bed, row.alerts),
        "standings": () if episode is None else _standings(opened, bed, now),
        "line": None if episode is None
        else time_line(episode, opened.ward.targets, now, days, opened.zone),
        "values": {} if episode is None else values_by_name(episode),
        "history": alert_history(opened, patient, until),
        "corrections": corrections_of(opened, patient, until),
        "moment_of": moment_of,
        "label_of": label_of,
        "value_shown": value_shown,
        "is_ours": lambda one: one.source.startswith(_OURS),
        "age_of": lambda then: age_shown(now - then),
    }  # fmt: skip


def _form_words(opened: WardServices, bed: Bedside) -> dict[str, Any]:
    return {
        "choices": choices_of(opened),
        "treatment_pairs": [(name, label_of(name)) for name in TREATMENTS],
        "milestone_pairs": [(name, label_of(name)) for name in MILESTONES],
        "running": _running(bed),
        "once": secrets.token_urlsafe(12),
        "typed": {},
        "wrong": {},
        "problems": (),
    }


def _running(bed: Bedside) -> list[Observation]:
    if bed.episode is None:
        return []
    return [
        one
        for name in TREATMENTS
        if name in bed.episode.tracks
        for one in bed.episode.tracks[name].values
        if one.ends_at is None and (name == "vasopressors" or one.source.startswith(_OURS))
    ]


def _alerts(
    opened: WardServices, bed: Bedside, shown: Sequence[ShownAlert]
) -> Sequence[ShownAlert]:
    if bed.as_known is None:
        return shown
    reasons = {rule.id for rule in opened.ward.alerts if rule.reason_required}
    return [
        ShownAlert(
            bed.patient, one.alert, one.rule, one.severity, one.text, one.at,
            one.step == "acknowledged", one.late, one.rule in reasons,
        )
        for one in bed.chart.alerts.values()
    ]  # fmt: skip


def _standings(opened: WardServices, bed: Bedside, now: datetime) -> list[dict[str, Any]]:
    assert bed.episode is not None
    found = []
    labels = input_labels(opened)
    for target in opened.ward.targets:
        one = bed.episode.standings.get(target.id)
        if one is None:
            continue
        inputs = [
            (used, None if used.taken_at is None else age_shown(now - used.taken_at))
            for used in one.inputs
        ]
        found.append({
            "target": target,
            "short": short_title(target.id, target.title),
            "one": one,
            "told": range_told(target.kind, one.value, one.low, one.high),
            "risk": risk_told(one.risk, one.risk_low, one.risk_high),
            "inputs": inputs,
            "missing": [labels.get(name) or label_of(name) for name in one.missing],
        })  # fmt: skip
    return found


@router.post("/ward/patient/{patient}/alerts/{alert}")
async def acknowledge(request: Request, who: Typist, patient: str, alert: str) -> Response:
    """Say that somebody has seen an alert."""
    opened, form = ward_of_request(request), await _form(request)
    reason = form.get("reason", "").strip()[:300]
    bed = await run_in_threadpool(read_bedside, opened, patient)
    found = bed.chart.alerts.get(alert)
    if found is None:
        raise refuse(CohortRefused, "alert_over", "this alert is over", where="alert",
                     mend="the page shows what is open now")  # fmt: skip
    rule = next((one for one in opened.ward.alerts if one.id == found.rule), None)
    if rule is not None and rule.reason_required and not reason:
        raise refuse(CohortRefused, "reason_missing", "this alert needs a reason", where="reason",
                     mend="say in few words what you do about it")  # fmt: skip
    said = Acknowledged(patient, alert, who.name, reason, now_utc())
    about = {"alert": alert, "patient": patient, "reason": reason, "who": who.name}
    key = f"ack:{alert}:{found.step}:{found.severity}:{who.name}:{reason}"
    await _keep(request, page_message(_hashed(key), about, said))
    record(services(request), who, "ward alert acknowledged", f"{patient} {alert}")
    back = "/ward" if form.get("back") == "/ward" else f"/ward/patient/{patient}?kept=seen#alerts"
    return RedirectResponse(back, 303)


@router.post("/ward/patient/{patient}/values")
async def type_value(request: Request, who: Typist, patient: str) -> Response:
    """Take a value, a treatment or a milestone that was typed, or a correction of one."""
    opened, form = ward_of_request(request), await _form(request)
    bed = await run_in_threadpool(read_bedside, opened, patient)
    typed = Typed(**{name: form[name] for name in _FIELDS if name in form})
    once, source = form.get("once", "")[:60], form.get("source", "")
    try:
        if source:
            _check_own(bed, source)
        elif not once:
            raise refuse(CohortRefused, "form_old", "the form is incomplete", where="form",
                         mend="load the page again")  # fmt: skip
        one = observation_of(typed, opened, now_utc(), source or f"page:{once}")
        if source:
            one = _same_moment(opened, bed, one, typed)
        said = {**{name: form.get(name, "") for name in _FIELDS}, "patient": patient,
                "who": who.name, "source": one.source}  # fmt: skip
        await _keep(request, page_message(_hashed(f"{once} {said}"), said, arrived(patient, one)))
    except Refused as refused:
        words = await run_in_threadpool(_words, request, who, patient, (None, 14))
        words |= {
            "typed": form, "once": once or words["once"], "problems": refused.problems,
            "wrong": _by_field(refused.problems),
        }  # fmt: skip
        return page(request, "ward/patient.html", status=status_of(refused), **words, kept="")
    deed = "ward value corrected" if source else "ward value typed"
    record(services(request), who, deed, f"{patient} {one.name}")
    return RedirectResponse(f"/ward/patient/{patient}?kept=value#typing", 303)


def _check_own(bed: Bedside, source: str) -> None:
    known = None if bed.episode is None else bed.episode.versions.of(source)
    if known is None or not source.startswith(_OURS):
        raise refuse(
            CohortRefused, "not_typed", "this value was not typed here", where="value",
            mend="correct it where it came from; the ward then hears of it",
        )  # fmt: skip


def _same_moment(opened: WardServices, bed: Bedside, one: Observation, typed: Typed) -> Observation:
    """Leave the seconds alone where the minute in the field was not changed."""
    assert bed.episode is not None
    known = bed.episode.versions.of(one.source)
    assert known is not None
    if typed.taken_at == field_shown(known.taken_at, opened.zone):
        return replace(one, taken_at=known.taken_at)
    return one


@router.get("/ward/patient/{patient}/correct")
def correct_page(request: Request, who: Typist, patient: str, source: str) -> Response:
    """Show the form that corrects a value which was typed."""
    opened = ward_of_request(request)
    bed = read_bedside(opened, patient)
    _check_own(bed, source)
    assert bed.episode is not None
    one = bed.episode.versions.of(source)
    assert one is not None
    return page(
        request, "ward/correct.html", **ward_words(opened, who), **_form_words(opened, bed),
        bed=bed, one=one, choice=choice_of(one.name, opened.ward.names[one.name]),
        taken_field=field_shown(one.taken_at, opened.zone),
        ends_field=field_shown(one.ends_at, opened.zone) if one.ends_at else "",
        value=value_shown(one), label_of=label_of,
    )  # fmt: skip


@router.post("/ward/patient/{patient}/place")
async def place_patient(request: Request, who: Typist, patient: str) -> Response:
    """Admit a patient, let him go, or say how he is called and where he lies."""
    form = await _form(request)
    await run_in_threadpool(read_bedside, ward_of_request(request), patient)
    place = form.get("place", "")
    said: dict[str, str | None] = {
        name: form[name].strip() for name in ("name_shown", "ward", "bed") if name in form
    }
    somebody = Somebody(
        own(patient), said.get("name_shown"), said.get("ward"), said.get("bed"),
        "here" if place == "here" else "left" if place == "left" else None,
    )  # fmt: skip
    # the name stands in one table alone
    about = {"patient": patient, "place": place, "who": who.name}
    key = _hashed(f"{form.get('once', '')} {place} {said}")
    await _keep(request, page_message(key, about, somebody))
    deed = {"here": "ward patient admitted", "left": "ward patient left"}.get(
        place, "ward patient named"
    )
    record(services(request), who, deed, patient)
    return RedirectResponse(f"/ward/patient/{patient}?kept=place", 303)


@router.post("/ward/patient/{patient}/unmerge")
async def take_apart(request: Request, who: Typist, patient: str) -> Response:
    """Give a record that was folded into another one its own values again."""
    form = await _form(request)
    await run_in_threadpool(read_bedside, ward_of_request(request), patient)
    about = {"deed": "unmerge", "patient": patient, "who": who.name}
    key = _hashed(f"unmerge {form.get('once', '')} {patient}")
    await _keep(request, page_message(key, about, Unmerge(own(patient))))
    record(services(request), who, "ward records taken apart", patient)
    return RedirectResponse(f"/ward/patient/{patient}?kept=place", 303)


@router.get("/ward/people")
def people_page(request: Request, who: Reader) -> Response:
    """Show who is not assigned, and the form of an admission."""
    return _people(request, who, {}, ())


def _people(
    request: Request, who: Person, typed: Mapping[str, str], problems: Sequence[Problem]
) -> Response:
    opened = ward_of_request(request)
    from cartwheel.serve.ward.people import waiting_people  # noqa: PLC0415

    return page(
        request, "ward/people.html", status=422 if problems else 200,
        **ward_words(opened, who), people=waiting_people(opened), typed=typed,
        problems=problems, wrong=_by_field(problems), once=secrets.token_urlsafe(12),
        moment_of=moment_of,
    )  # fmt: skip


@router.post("/ward/people")
async def admit(request: Request, who: Typist) -> Response:
    """Admit somebody: by an identifier, so that results which come later find him."""
    opened, form = ward_of_request(request), await _form(request)
    value, system = form.get("value", "").strip(), form.get("system", "").strip()
    problems: list[Problem] = []
    if not value or len(value) > 100:
        problems.append(Problem("identifier_missing", "no identifier is given", "value",
                                "the number under which results are sent"))  # fmt: skip
    if not system or len(system) > 100 or system == "ward":
        problems.append(Problem("system_missing", "it is not said whose number it is", "system",
                                "as the laboratory names it in its messages"))  # fmt: skip
    infusion = None
    if form.get("infusion", "").strip():
        try:
            infusion = observation_of(
                Typed("infusion", taken_at=form["infusion"]), opened, now_utc(),
                f"page:{form.get('once', '')[:60]}",
            )  # fmt: skip
        except Refused as refused:
            problems += [Problem(one.code, one.what, "infusion", one.mend)
                         for one in refused.problems]  # fmt: skip
    if problems:
        return await run_in_threadpool(_people, request, who, form, problems)
    receipt = await _keep(request, _admission(form, (system, value), infusion, who))
    patient = receipt.patients[0] if receipt.patients else ""
    record(services(request), who, "ward patient admitted", patient)
    return RedirectResponse(f"/ward/patient/{patient}?kept=place" if patient else "/ward", 303)


def _admission(
    form: Mapping[str, str], named: tuple[str, str], infusion: Observation | None, who: Person
) -> Message:
    identifiers = (named,)
    items: list[Item] = [
        Somebody(identifiers, form.get("name_shown", "").strip() or None, None,
                 form.get("bed", "").strip() or None, "here")
    ]  # fmt: skip
    if infusion is not None:
        from cartwheel.watch.intake import Arrived  # noqa: PLC0415

        items.append(Arrived(identifiers, infusion))
    about = {"deed": "admission", "once": form.get("once", ""), "who": who.name}
    return page_message(_hashed(f"admit {form.get('once', '')} {named}"), about, *items)


async def _keep(request: Request, message: Message) -> Receipt:
    """Keep what was typed; wait until it is durable."""
    receipt = await ward_of_request(request).ingest.accept_soon(message)
    if receipt.problem is not None:
        raise Refused((receipt.problem,))
    if receipt.parked:
        raise refuse(
            CohortRefused, "was_parked", "it was kept aside and does not count", where="form",
            mend="see the page of what is parked",
        )  # fmt: skip
    return receipt


async def _form(request: Request) -> dict[str, str]:
    form = await request.form(max_files=0, max_fields=60)
    return {
        name: value.replace("\0", "")[:2000]
        for name, value in form.multi_items()
        if isinstance(value, str) and name != "csrf"
    }


def _by_field(problems: Sequence[Problem]) -> dict[str, list[Problem]]:
    found: dict[str, list[Problem]] = {}
    for one in problems:
        found.setdefault(one.where, []).append(one)
    return found


def _hashed(text: str) -> str:
    from hashlib import sha256  # noqa: PLC0415

    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
