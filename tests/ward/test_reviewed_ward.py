"""Faults of the ward's log and pages that a review found: each stays mended."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="cartwheel[serve] is not installed")

from serve_people import csrf_of, group, log_in, people_of, said
from starlette.testclient import TestClient
from ward_fake import FakeFollowing
from ward_messages import SetClock, arrived, message, value

from cartwheel.serve.ward.bedside import read_bedside
from cartwheel.serve.ward.keeper import Keeper
from cartwheel.serve.ward.known import replay, verify
from cartwheel.serve.ward.outbox import Outbox
from cartwheel.store.database import Store
from cartwheel.store.ward_outbox import OutboxRow, Subscription
from cartwheel.store.ward_parked import count_parked
from cartwheel.store.ward_people import count_patients
from cartwheel.store.ward_persons import persons_of
from cartwheel.watch.intake import Arrived, Identifiers, Merge, Message, Person, Unmerge
from cartwheel.watch.observation import Observation

pytestmark = pytest.mark.usefixtures("light_passwords")
FAKE = FakeFollowing()
FOLLOWINGS = {FAKE.sha256: FAKE}
ADA: Identifiers = (("hospital", "A"),)
BEN: Identifiers = (("hospital", "B"),)


def _reasons(store: Store) -> list[str]:
    with store.reading() as connection:
        return [one.reason for one in count_parked(connection)]


@pytest.fixture
def two(keeper: Keeper) -> tuple[str, str]:
    """Two records with a value each: the ward's own ids."""
    group = [message("a", arrived("A", "crp", "10", 1)), message("b", arrived("B", "crp", "20", 2))]
    first, second = (one.patients[0] for one in keeper.keep(group))
    return first, second


def test_numbers_of_both_records_are_of_the_one_that_stays(
    store: Store, keeper: Keeper, two: tuple[str, str], clock: SetClock
) -> None:
    keeper.keep([message("m", Merge(ADA, BEN))])
    (third,) = keeper.keep([message("c", Arrived((*BEN, *ADA), value("crp", "30", 3)))])
    assert (third.parked, third.patients) == (0, (two[0],))
    # a number that is new beside them is learnt, also by a process that has nothing in memory
    other = Keeper(store, FakeFollowing(), clock=clock)
    more = (*ADA, *BEN, ("state", "900"))
    (fourth,) = other.keep([message("d", Arrived(more, value("crp", "40", 4)))])
    (fifth,) = keeper.keep([message("e", Arrived((("state", "900"),), value("crp", "50", 5)))])
    assert fourth.patients == fifth.patients == (two[0],)
    # once they are apart, nobody guesses whose it is
    keeper.keep([message("u", Unmerge(BEN))])
    (apart,) = keeper.keep([message("f", Arrived((*ADA, *BEN), value("crp", "6", 6)))])
    assert apart.parked == 1
    assert _reasons(store) == ["identifiers_disagree"]
    assert verify(store, FOLLOWINGS).same


def test_a_merge_counts_for_what_is_kept_together_with_it(
    keeper: Keeper, two: tuple[str, str]
) -> None:
    merged = message("m", Merge(ADA, BEN))
    seen = message("c", Arrived((*BEN, *ADA), value("crp", "30", 3)))
    _, after = keeper.keep([merged, seen])
    assert (after.parked, after.patients) == (0, (two[0],))
    again = message("d", Arrived((*BEN, *ADA), value("crp", "40", 4)))
    _, apart = keeper.keep([message("u", Unmerge(BEN)), again])
    assert apart.parked == 1


class _Receiver:
    def __init__(self) -> None:
        self.values: list[float] = []

    def __call__(self, row: OutboxRow) -> None:
        self.values.append(json.loads(row.body)["body"]["after"]["value"])


def test_what_is_to_be_sent_is_due_at_once_whatever_the_clock_says(
    store: Store, clock: SetClock
) -> None:
    everything = Subscription("page", "webhook", lambda _: True)
    keeper = Keeper(store, FakeFollowing(), [everything], clock)
    receiver = _Receiver()
    sender = Outbox(store, {"page": receiver}, clock=clock)
    keeper.keep([message("1", arrived("A", "crp", "10", 1))])
    clock.go(hours=-3)  # it was set back; the patient's known_at stays ahead of it
    (second,) = keeper.keep([message("2", arrived("A", "crp", "20", 2))])
    assert replay(store, FOLLOWINGS, second.patients[0]).chart.known_at == clock.now + timedelta(
        hours=3
    )
    while sender.send_due("page"):
        pass
    assert receiver.values == [10, 20]


def test_who_somebody_is_is_sent_again_with_what_was_parked(
    store: Store, keeper: Keeper, two: tuple[str, str]
) -> None:
    here = Person((*ADA, *BEN), "Ada Lovelace", "4B", "12", "here")
    (kept,) = keeper.keep([message("p", here)])
    assert kept.parked == 1
    assert kept.message is not None
    assert _reasons(store) == ["identifiers_disagree"]
    keeper.keep([message("m", Merge(ADA, BEN))])
    again = keeper.again(kept.message, (here,))
    assert (again.outcome, again.parked) == ("stored", 0)
    assert _reasons(store) == []
    with store.reading() as connection:
        person = persons_of(connection, two)[two[0]]
        assert count_patients(connection) == {"assigned": 1, "merged": 1}
    assert (person.name_shown, person.ward, person.bed) == ("Ada Lovelace", "4B", "12")
    assert verify(store, FOLLOWINGS).same


def test_who_somebody_is_is_not_said_twice_for_a_code(
    store: Store, keeper: Keeper, two: tuple[str, str]
) -> None:
    """A message that waits for its code alone does not move a person back to an old bed."""
    old = Person(ADA, ward="4B", bed="1", place="here")
    both = Arrived((*ADA, *BEN), value("crp", "30", 3))
    (kept,) = keeper.keep([message("p", old, both)])
    keeper.keep([message("q", Person(ADA, ward="4B", bed="2"))])
    assert kept.message is not None
    keeper.again(kept.message, (old, both))
    with store.reading() as connection:
        assert persons_of(connection, two)[two[0]].bed == "2"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    example = files("cartwheel.watch") / "example_ward.toml"
    (tmp_path / "ward.toml").write_text(example.read_text("utf-8"), "utf-8")
    with group(tmp_path / "data", ward=tmp_path / "ward.toml") as made:
        yield made


def _crp(client: TestClient, patient: str) -> list[Any]:
    bed = read_bedside(people_of(client).ward, patient)
    versions = people_of(client).ward.ingest.keeper.following.versions(bed.chart.episode)
    return sorted(
        one.value for one in versions.values() if one.name == "crp" and one.status != "withdrawn"
    )


def test_records_are_taken_apart_on_the_page(client: TestClient) -> None:
    log_in(client, "clinician")  # the ward runs from the first page on
    accept = people_of(client).ward.ingest.accept
    now = datetime.now(UTC) - timedelta(hours=1)

    def sent(key: str, whose: Identifiers, number: str) -> str:
        crp = Observation("", "crp", now, Decimal(number), "mg/L", source=key)
        receipt = accept(Message("rest", key, key.encode(), (Arrived(whose, crp),)))
        found: str = receipt.patients[0]
        return found

    ada, ben = sent("a", ADA, "10"), sent("b", BEN, "20")
    assert accept(Message("rest", "m", b"m", (Merge(ADA, BEN),))).durable
    assert _crp(client, ada) == [10, 20]
    address = f"/ward/patient/{ben}"

    client.cookies.clear()
    log_in(client, "reader")
    assert "take the records apart" not in client.get(address).text
    refused = client.post(f"{address}/unmerge", data={"csrf": csrf_of(client), "once": "1"})
    assert refused.status_code == 403
    assert _crp(client, ada) == [10, 20]

    client.cookies.clear()
    log_in(client, "clinician")
    for _ in range(2):
        page = client.get(address).text
        assert "take the records apart" in page
        once = re.search(r'name="once" value="([^"]+)"', page)
        assert once
        form = {"csrf": csrf_of(client), "once": once[1]}
        assert client.post(f"{address}/unmerge", data={"once": once[1]}).status_code == 403
        answer = client.post(f"{address}/unmerge", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{address}?kept=place")
        assert (_crp(client, ada), _crp(client, ben)) == ([10], [20])
        # folded together again, they can be taken apart again
        key = f"again {once[1]}"
        assert accept(Message("rest", key, key.encode(), (Merge(ADA, BEN),))).durable
        assert _crp(client, ada) == [10, 20]
    assert said(client).count(("clinician", "ward records taken apart", ben)) == 2
