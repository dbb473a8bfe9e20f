"""Dead letters: listed by target and reason, sent again with the same key, dropped for a reason."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from fastapi.testclient import TestClient
from fhir_server import HEADERS, TOKEN, fhir_app
from sqlalchemy import insert, select
from typer.testing import CliRunner, Result
from ward_fake import FakeFollowing
from ward_messages import SetClock, arrived, message

from cartwheel.cli.monitor import monitor
from cartwheel.errors import FileRefused, Refused, refuse
from cartwheel.serve.ward.keeper import Keeper
from cartwheel.serve.ward.letters import letter_dropped, letters_again, read_letters
from cartwheel.serve.ward.outbox import Outbox
from cartwheel.store.audit import Wanted, entries_of
from cartwheel.store.database import Store, open_store
from cartwheel.store.ward_outbox import OutboxRow, Subscription, count_outbox
from cartwheel.store.ward_tables import outbox

BOTH = [Subscription("pager", "webhook", lambda _: True),
        Subscription("page", "webhook", lambda _: True)]  # fmt: skip


class Receiver:
    """Takes rows and keeps their keys, or is away."""

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.away = True

    def __call__(self, row: OutboxRow) -> None:
        self.keys.append(row.key)
        if self.away:
            raise refuse(FileRefused, "not_delivered", "the receiver answered 503")


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def sender(store: Store, receiver: Receiver, clock: SetClock) -> Outbox:
    """Has given up two letters to each of two receivers, of two patients."""
    keeper = Keeper(store, FakeFollowing(), BOTH, clock)
    for of in ("7", "8"):
        keeper.keep([message(of, arrived(of, "crp", "1", 1))])
    made = Outbox(store, {"pager": receiver, "page": receiver}, clock=clock,
                  chance=random.Random(1), attempts=1)  # fmt: skip
    for target in ("pager", "page"):
        assert made.send_due(target) == 2
    return made


def unheard(_what: str, _about: str) -> None:
    """Tell nobody."""


def test_they_are_listed_by_target_and_reason(store: Store, sender: Outbox) -> None:
    found = read_letters(store)
    assert [(one.target, one.problem, one.many) for one in found.groups] == [
        ("page", "the receiver answered 503", 2), ("pager", "the receiver answered 503", 2),
    ]  # fmt: skip
    assert len(found.letters) == 4
    assert found.before is None
    only = read_letters(store, target="page")
    assert {one.target for one in only.letters} == {"page"}
    older = read_letters(store, before=found.letters[1].number)
    assert [one.number for one in older.letters] == [one.number for one in found.letters[2:]]
    # no body, no value
    assert '"crp"' not in json.dumps(found.document())


def test_sent_again_with_the_key_that_it_had(
    store: Store, sender: Outbox, receiver: Receiver, clock: SetClock
) -> None:
    deeds: list[tuple[str, str]] = []
    before = sorted(receiver.keys)
    receiver.away, receiver.keys = False, []
    assert letters_again(store, lambda *one: deeds.append(one), target="page", clock=clock) == 2
    assert sender.send_due("page") == 2
    assert sender.send_due("pager") == 0
    assert letters_again(store, lambda *one: deeds.append(one), every=True, clock=clock) == 2
    assert sender.send_due("pager") == 2
    assert sorted(receiver.keys) == before
    assert deeds == [("outbox sent again", "page: 2"), ("outbox sent again", "all targets: 2")]
    assert read_letters(store).letters == ()
    assert letters_again(store, lambda *one: deeds.append(one), every=True, clock=clock) == 0


def test_one_is_dropped_for_a_reason_and_stays_dropped(
    store: Store, sender: Outbox, receiver: Receiver, clock: SetClock
) -> None:
    deeds: list[tuple[str, str]] = []
    first = read_letters(store, target="page").letters[-1]
    letter_dropped(store, lambda *one: deeds.append(one), first.number, "late", clock)
    assert deeds == [("outbox letter dropped", f"letter {first.number}: late")]
    with store.reading() as connection:
        assert count_outbox(connection)["page"] == {
            "waiting": 0, "done": 0, "dead": 1, "dropped": 1,
        }  # fmt: skip
        row = connection.execute(select(outbox).where(outbox.c.number == first.number)).one()
    assert row.last_problem == "dropped: too late to be of use"
    receiver.away, receiver.keys = False, []
    assert letters_again(store, unheard, target="page", clock=clock) == 1
    sender.send_due("page")
    assert first.key not in receiver.keys
    with pytest.raises(Refused) as refused:
        letter_dropped(store, unheard, first.number, "late", clock)
    assert refused.value.problems[0].code == "no_such_letter"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, "which_letters"),
        ({"number": 1, "every": True}, "which_letters"),
        ({"number": 999}, "no_such_letter"),
        ({"target": "nobody"}, "no_such_target"),
    ],
)
def test_what_is_refused(sqlite_store: Store, asked: dict[str, object], code: str) -> None:
    with pytest.raises(Refused) as refused:
        letters_again(sqlite_store, unheard, **asked)  # type: ignore[arg-type]
    assert refused.value.problems[0].code == code
    with pytest.raises(Refused) as refused:
        letter_dropped(sqlite_store, unheard, 1, "Mrs Miller asked for it")
    assert refused.value.problems[0].code == "drop_reason"


def give_up(store: Store, patient: str = "00000000000000aa") -> None:
    """Put two dead letters there, of an event that is there."""
    with store.writing() as connection:
        for number in (1, 2):
            row = {
                "event_number": 1, "patient": patient, "kind": "webhook", "target": "pager",
                "key": f"{number}:pager", "body": '{"crp":84}', "attempts": 18,
                "made_at": "2026-11-21T10:00:00.000Z", "next_at": "",
                "dead_at": "2026-11-21T18:00:00.000Z", "last_problem": "the receiver answered 503",
            }  # fmt: skip
            connection.execute(insert(outbox), row)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    app = fhir_app(tmp_path / "data")
    with TestClient(app, base_url="http://127.0.0.1:8765", headers=HEADERS) as opened:
        row = {"patient": "4711", "name": "crp", "value": 84, "unit": "mg/L",
               "taken_at": "2026-11-21T06:10:00Z", "system": "NORTH"}  # fmt: skip
        sent = opened.post(
            "/api/v1/ward/observations", json={"observations": [row]},
            headers={"Content-Type": "application/json"},
        )  # fmt: skip
        assert sent.status_code == 201, sent.text
        give_up(app.state.services.store)
        yield opened


def test_by_call(client: TestClient) -> None:
    found = client.get("/api/v1/ward/outbox").json()
    assert found["targets"]["pager"]["dead"] == 2
    assert [one["many"] for one in found["groups"]] == [2]
    first, second = (one["number"] for one in found["letters"])
    assert "84" not in json.dumps(found["letters"])
    assert client.post("/api/v1/ward/outbox/again").status_code == 422
    assert client.post(f"/api/v1/ward/outbox/again?number={first}").json() == {"again": 1}
    assert client.post(f"/api/v1/ward/outbox/{second}/drop?reason=free").status_code == 422
    dropped = client.post(f"/api/v1/ward/outbox/{second}/drop?reason=gone")
    assert dropped.json() == {"dropped": second}
    left = client.get("/api/v1/ward/outbox?target=pager").json()
    assert left["letters"] == []
    assert left["targets"]["pager"] == {"waiting": 1, "done": 0, "dead": 0, "dropped": 1}
    services = client.app.state.services  # type: ignore[attr-defined]
    services.audit.flush()
    told = [(one.entry.what, one.entry.about) for one in entries_of(services.store, Wanted())]
    assert ("outbox letter dropped", f"letter {second}: gone") in told
    assert ("outbox sent again", f"letter {first}: 1") in told


def test_on_the_page(client: TestClient) -> None:
    token = {"Authorization": f"Bearer {TOKEN}"}
    page = client.get("/ward/outbox", headers=token)
    assert page.status_code == 200, page.text
    assert "the receiver answered 503" in page.text
    assert "84" not in page.text.partition("<main")[2].partition("</main>")[0]
    number = client.get("/api/v1/ward/outbox").json()["letters"][0]["number"]
    form = {**token, "Content-Type": "application/x-www-form-urlencoded"}
    wrong = client.post("/ward/outbox/drop", content=f"number={number}", headers=form)
    assert wrong.status_code == 422
    assert "Nothing was changed" in wrong.text
    done = client.post("/ward/outbox/drop", content=f"number={number}&reason=wrong", headers=form)
    assert "The letter is dropped" in done.text
    # what names no letter is never all of them
    for content in ("", "number=1x", "all=yes"):
        wrong = client.post("/ward/outbox/again", content=content, headers=form)
        assert wrong.status_code == 422, content
        assert "Nothing was changed" in wrong.text
    again = client.post("/ward/outbox/again", content="all=true", headers=form)
    assert "1 letter is sent again" in again.text
    assert "Nothing was given up" in again.text


def run(*arguments: str | Path) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode=None)
    app.add_typer(monitor, name="monitor")
    return CliRunner().invoke(app, ["monitor", "outbox", *(str(one) for one in arguments)])


def test_by_command(client: TestClient, tmp_path: Path) -> None:
    # beside the server that runs
    data, ward = tmp_path / "data", tmp_path / "data" / "ward.toml"
    listed = run(ward, "--data", data)
    assert listed.exit_code == 0, listed.output
    assert "pager: 2 given up, 0 waiting, 0 sent, 0 dropped" in listed.output
    number = client.get("/api/v1/ward/outbox").json()["letters"][0]["number"]
    assert run(ward, "--data", data, "--drop", number).exit_code == 2
    dropped = run(ward, "--data", data, "--drop", number, "--reason", "late", "--json", "-")
    assert json.loads(dropped.stdout)["dropped"] == number
    done = run(ward, "--data", data, "--again", "pager")
    assert "1 sent again" in done.output
    assert "nothing was given up" in done.output
    assert run(ward, "--data", data, "--again", "nobody").exit_code == 2
    assert run(ward, "--data", tmp_path / "none").exit_code == 2
    store = open_store(data)
    who = {one.entry.who for one in entries_of(store, Wanted(what="outbox"))}
    store.close()
    assert who == {"command line"}
