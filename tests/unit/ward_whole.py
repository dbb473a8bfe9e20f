"""What must hold of a log after any fault: everything once, replay equals live, each alert once."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import select
from ward_senders import BEDS, Course
from ward_served import FOLLOWINGS

from cartwheel.serve.ward.known import verify
from cartwheel.store.database import Store
from cartwheel.store.ward_json import alert_of
from cartwheel.store.ward_tables import entries, events, identifiers, messages


def whole(store: Store, course: Course, known: list[list[int]]) -> Counter[str]:
    """See that every acknowledged message is there once with all that follows; count alerts.

    ``known`` are the places of each sender's messages that were acknowledged; all that was sent
    is among them, in the end.
    """
    with store.reading() as connection:
        kept = connection.execute(select(messages.c.number, messages.c.key)).all()
        of_message = Counter(
            connection.execute(
                select(entries.c.message_number).where(entries.c.kind == "observation")
            ).scalars()
        )
        alerts = connection.execute(
            select(events.c.patient, events.c.body)
            .where(events.c.kind == "alert").order_by(events.c.number)
        ).all()  # fmt: skip
        records = connection.execute(select(identifiers.c.patient, identifiers.c.value)).all()
    wanted = {
        f"LIS|NORTH|{course.control(sender, place)}": place
        for sender, places in enumerate(known)
        for place in places
    }
    assert Counter(row.key for row in kept) == Counter(dict.fromkeys(wanted, 1))
    for row in kept:
        assert of_message[row.number] == course.lines(wanted[row.key]), row.key
    record = {row.patient: row.value for row in records}
    raised, cleared = Counter[str](), Counter[str]()
    steps = Counter[tuple[str, str]]()
    for row in alerts:
        step = alert_of(row.body)
        steps[step.alert, step.step] += 1
        if step.rule == "crp-high":
            raised[record[row.patient]] += step.step == "raised"
            cleared[record[row.patient]] += step.step == "cleared"
    assert max(steps.values(), default=1) == 1  # no step of an alert is said twice
    assert +raised == _expected(course, known, course.is_spike)
    assert +cleared == _expected(course, known, course.is_end)
    told = verify(store, FOLLOWINGS)
    assert told.differences == ()
    assert told.unexplained == 0
    assert told.patients == len(record) == sum(min(len(one), BEDS) for one in known)
    return raised


def _expected(course: Course, known: list[list[int]], true: object) -> Counter[str]:
    return Counter(
        course.patient(sender, place)
        for sender, places in enumerate(known)
        for place in places
        if true(place)  # type: ignore[operator]
    )
