"""Old messages lose their content: names go, and nothing that followed from them does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from fhir_samples import CODES, encounter, ferritin, patient, pressure, text_of
from sqlalchemy import delete, select, text, update
from ward_fake import FakeFollowing
from ward_messages import SetClock, arrived, message

from cartwheel.errors import FileRefused, Refused
from cartwheel.serve.fhir.intake import FhirIntake, Taken
from cartwheel.serve.fhir.json_text import read_json
from cartwheel.serve.fhir.naming import with_id
from cartwheel.serve.ward.ingest import Ingest
from cartwheel.serve.ward.keeper import Keeper
from cartwheel.serve.ward.known import replay, verify
from cartwheel.serve.ward.retention import Retention
from cartwheel.store.database import Store
from cartwheel.store.ward_log import lines_of
from cartwheel.store.ward_tables import episodes, messages
from cartwheel.watch.intake import Message, Parked
from cartwheel.watch.observation import Observation

LATER = timedelta(days=31)


def contents(store: Store) -> list[bytes]:
    with store.reading() as connection:
        found = connection.execute(select(messages.c.content).order_by(messages.c.number))
        return [bytes(one) for one in found.scalars()]


def test_old_content_goes_and_all_else_stays(store: Store, clock: SetClock) -> None:
    following = FakeFollowing()
    keeper = Keeper(store, following, (), clock)
    first = message("a", arrived("7", "crp", "1", 1))
    (taken,) = keeper.keep([first])
    waits = Message("hl7", "w", b"w", (Parked("code_unmapped", "no line"),))
    keeper.keep([waits])
    clock.go(days=31)
    young = message("b", arrived("7", "crp", "2", 2))
    keeper.keep([young])
    retention = Retention(store, 30, clock)
    assert retention.run_once() == 1
    assert retention.counts() == {"emptied": 1}
    # what waits for the codes is still needed, what is young is kept
    assert contents(store) == [b"", b"w", young.content]
    assert Retention(store, 30, clock).run_once() == 0
    # sent again it is known by its key, and told what it was told; another content is refused
    (repeat,) = keeper.keep([first])
    assert (repeat.outcome, repeat.message) == ("repeat", taken.message)
    (other,) = keeper.keep([Message("hl7", first.key, b"else", first.items)])
    assert other.problem is not None
    assert other.problem.code == "message_differs"
    found = verify(store, {following.sha256: following})
    assert found.same
    assert found.lines >= 2


def test_the_database_lets_nothing_else_change(store: Store, clock: SetClock) -> None:
    Keeper(store, FakeFollowing(), (), clock).keep([message("a", arrived("7", "crp", "1", 1))])
    for change in (
        update(messages).values(content=b"other"),
        update(messages).values(content=b"", reply="other"),
        update(messages).values(sha256="0" * 64),
        delete(messages),
    ):
        with pytest.raises(FileRefused), store.writing() as connection:
            connection.execute(change)
    if store.engine.dialect.name == "postgresql":
        with pytest.raises(FileRefused), store.writing() as connection:
            connection.execute(text("TRUNCATE ward_message CASCADE"))
    assert contents(store) != [b""]


def panel(*codes: str, **more: object) -> dict[str, object]:
    """Several values in one Observation."""
    parts = pressure(**more)["component"]
    for part, code in zip(parts, codes, strict=False):
        part["code"]["coding"][0]["code"] = code
        unit = "mg/L" if code == "1988-5" else "ug/L"
        part["valueQuantity"] |= {"unit": unit, "code": unit}
    return pressure(component=parts[: len(codes)], **more)


def take(intake: FhirIntake, resource: dict[str, object]) -> Taken:
    content = text_of(resource)
    return intake.take(with_id(read_json(content)), content, intake.context("lab"))  # type: ignore


def values(store: Store) -> dict[str, Observation]:
    with store.reading() as connection:
        known = [
            line.known
            for one in connection.execute(select(episodes.c.patient)).scalars().all()
            for line in lines_of(connection, one)
        ]
    return {one.name: one for one in known if isinstance(one, Observation)}


def test_a_correction_after_that_still_takes_back_what_is_gone(
    store: Store, make_ingest: Callable[..., Ingest]
) -> None:
    intake = FhirIntake(make_ingest(store), store, lambda: CODES)
    take(intake, patient())
    take(intake, panel("1988-5", "2276-4"))
    assert {one.status for one in values(store).values()} == {"final"}
    assert Retention(store, 30, lambda: datetime.now(UTC) + LATER).run_once() == 2
    assert set(contents(store)) == {b""}
    # CRP is gone from it: its value is withdrawn, though nobody can read the first message
    done = take(intake, panel("2276-4", issued="2026-03-02T12:30:00Z"))
    assert done.version == 2
    statuses = {name: one.status for name, one in values(store).items()}
    assert statuses == {"crp": "withdrawn", "ferritin": "final"}
    with pytest.raises(Refused) as refused:
        intake.again(Message("fhir", "lab|Observation/bp1|1", b"", ()))
    assert refused.value.problems[0].code == "content_emptied"


def test_the_same_correction_as_before_is_no_withdrawal(
    store: Store, make_ingest: Callable[..., Ingest]
) -> None:
    intake = FhirIntake(make_ingest(store), store, lambda: CODES)
    take(intake, ferritin())
    Retention(store, 30, lambda: datetime.now(UTC) + LATER).run_once()
    again = take(intake, ferritin())
    assert again.receipt.outcome == "repeat"
    more = {**ferritin()["valueQuantity"], "value": Decimal("80.5")}
    newer = {"status": "corrected", "issued": "2026-03-02T12:30:00Z", "valueQuantity": more}
    take(intake, ferritin(**newer))
    assert values(store)["ferritin"].value == Decimal("80.5")
    assert values(store)["ferritin"].status == "corrected"


def test_a_stay_still_ends_when_its_first_message_is_emptied(
    store: Store, make_ingest: Callable[..., Ingest]
) -> None:
    intake = FhirIntake(make_ingest(store), store, lambda: CODES)
    take(intake, encounter())
    take(intake, encounter(id="last-year", status="finished"))
    Retention(store, 30, lambda: datetime.now(UTC) + LATER).run_once()
    over = {"status": "finished", "period": {"end": "2026-03-09T09:00:00Z"}}
    # an old stay that is corrected ends nothing
    take(intake, encounter(id="last-year", **over))
    assert states(store) == ["assigned"]
    take(intake, encounter(**over))
    assert states(store) == ["closed"]


def states(store: Store) -> list[str]:
    with store.reading() as connection:
        return list(connection.execute(select(episodes.c.state)).scalars())


def test_a_correction_without_a_moment_still_counts_after_one_with_a_moment_is_emptied(
    store: Store, make_ingest: Callable[..., Ingest]
) -> None:
    intake = FhirIntake(make_ingest(store), store, lambda: CODES)
    take(intake, ferritin())
    Retention(store, 30, lambda: datetime.now(UTC) + LATER).run_once()
    undated = ferritin(status="corrected")
    undated["valueQuantity"] = {**undated["valueQuantity"], "value": Decimal("80.5")}
    del undated["issued"]
    take(intake, undated)
    assert values(store)["ferritin"].issued_at is None
    with store.reading() as connection:
        (owner,) = connection.execute(select(episodes.c.patient)).scalars()
    following = FakeFollowing()
    chart = replay(store, {following.sha256: following}, owner).chart
    assert chart.episode.said["ferritin"] == 80.5
