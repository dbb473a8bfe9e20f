"""The outbox: kept with the event itself, sent until it has arrived, done once by its key."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy import select
from ward_fake import FakeFollowing
from ward_messages import SetClock, arrived, message

from cartwheel.errors import FileRefused, Refused, refuse
from cartwheel.serve.ward.keeper import Keeper
from cartwheel.serve.ward.letters import letters_again
from cartwheel.serve.ward.outbox import Outbox
from cartwheel.serve.ward.webhook import Webhook, check_webhook, webhook_sender
from cartwheel.store.database import Store
from cartwheel.store.ward_json import moment_text
from cartwheel.store.ward_letters import dead_letters
from cartwheel.store.ward_outbox import (
    OutboxRow,
    Subscription,
    claim_outbox,
    count_outbox,
    end_outbox,
    put_off_outbox,
)
from cartwheel.store.ward_tables import outbox

SECRET = b"0123456789abcdef"
EVERYTHING = Subscription("page", "webhook", lambda _: True)


class Receiver:
    """Takes rows, or is away."""

    def __init__(self) -> None:
        self.got: list[OutboxRow] = []
        self.away = False

    def __call__(self, row: OutboxRow) -> None:
        if self.away:
            raise refuse(FileRefused, "not_delivered", "the receiver answered 503")
        self.got.append(row)

    @property
    def values(self) -> list[float]:
        return [json.loads(row.body)["body"]["after"]["value"] for row in self.got]


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def keeper(store: Store, clock: SetClock) -> Keeper:
    return Keeper(store, FakeFollowing(), [EVERYTHING], clock)


@pytest.fixture
def sender(store: Store, receiver: Receiver, clock: SetClock) -> Outbox:
    return Outbox(store, {"page": receiver}, clock=clock, chance=random.Random(1), attempts=4)


def counted(store: Store) -> dict[str, int]:
    with store.reading() as connection:
        return count_outbox(connection)["page"]


def unheard(_what: str, _about: str) -> None:
    """Tell nobody."""


def keep(keeper: Keeper, *numbers: int, of: str = "7") -> None:
    for number in numbers:
        keeper.keep([message(f"{of}-{number}", arrived(of, "crp", f"{number}", number))])


def test_events_are_sent_in_order_and_once(
    store: Store, keeper: Keeper, sender: Outbox, receiver: Receiver
) -> None:
    keep(keeper, 1, 2, 3)
    # of one patient one at a time: a later one never overtakes
    while sender.send_due("page"):
        pass
    assert receiver.values == [1, 2, 3]
    assert len({row.key for row in receiver.got}) == 3
    assert counted(store) == {"waiting": 0, "done": 3, "dead": 0, "dropped": 0}
    body = json.loads(receiver.got[0].body)
    assert body["kind"] == "changed"
    assert receiver.got[0].key == f"{body['event']}:page"
    # a repeat sends nothing
    keep(keeper, 3)
    assert sender.send_due("page") == 0


def test_what_one_patient_waits_for_does_not_hold_up_another(
    keeper: Keeper, sender: Outbox, receiver: Receiver, clock: SetClock
) -> None:
    keep(keeper, 1, 2)
    receiver.away = True
    assert sender.send_due("page") == 1
    receiver.away = False
    keep(keeper, 5, of="8")
    assert sender.send_due("page") == 1
    assert receiver.values == [5]
    assert sender.send_due("page") == 0
    clock.go(seconds=2)
    while sender.send_due("page"):
        pass
    assert receiver.values == [5, 1, 2]


def test_attempts_grow_apart_and_end_in_a_dead_letter(
    store: Store, keeper: Keeper, sender: Outbox, receiver: Receiver, clock: SetClock
) -> None:
    keep(keeper, 1, 2)
    receiver.away = True
    waits = []
    for _ in range(4):
        assert sender.send_due("page") == 1
        assert sender.send_due("page") == (1 if counted(store)["dead"] else 0)
        with store.reading() as connection:
            row = connection.execute(select(outbox).order_by(outbox.c.number)).first()
        assert row is not None
        waits.append(row.next_at)
        clock.go(seconds=10)
    assert counted(store)["dead"] == 1
    with store.reading() as connection:
        (letter,) = dead_letters(connection)
    assert (letter.attempts, letter.last_problem) == (4, "the receiver answered 503")
    receiver.away = False
    clock.go(hours=1)
    while sender.send_due("page"):
        pass
    assert receiver.values == [2]
    letters_again(store, unheard, number=letter.number, clock=clock)
    sender.send_due("page")
    assert receiver.values == [2, 1]
    with pytest.raises(Refused) as refused:
        letters_again(store, unheard, number=letter.number, clock=clock)
    assert refused.value.problems[0].code == "no_such_letter"


def test_a_letter_that_is_sent_again_is_tried_once_and_holds_up_nothing_newer(
    store: Store, keeper: Keeper, sender: Outbox, receiver: Receiver, clock: SetClock
) -> None:
    keep(keeper, 1)
    receiver.away = True
    while not counted(store)["dead"]:
        sender.send_due("page")
        clock.go(seconds=10)
    assert letters_again(store, unheard, every=True, clock=clock) == 1
    keep(keeper, 2)
    assert sender.send_due("page") == 1
    receiver.away = False
    # it was refused once more, and is dead again: what is newer of the patient does not wait for it
    assert sender.send_due("page") == 1
    assert receiver.values == [2]
    assert counted(store) == {"waiting": 0, "done": 1, "dead": 1, "dropped": 0}


def test_what_has_arrived_by_another_server_stays_so(
    store: Store, keeper: Keeper, clock: SetClock
) -> None:
    keep(keeper, 1)
    now = moment_text(clock())
    with store.writing() as connection:
        (row,) = claim_outbox(connection, now, now, "page", 1)
        end_outbox(connection, row.number, now)
        put_off_outbox(connection, row.number, "no answer", next_at=now, dead_at=now)
    assert counted(store) == {"waiting": 0, "done": 1, "dead": 0, "dropped": 0}


def test_a_row_whose_sender_was_killed_is_sent_again_with_the_same_key(
    store: Store, keeper: Keeper, sender: Outbox, receiver: Receiver, clock: SetClock
) -> None:
    keep(keeper, 1)

    class KilledError(BaseException):
        pass

    def killed(row: OutboxRow) -> None:
        receiver.got.append(row)  # it has arrived, and nobody could say so
        raise KilledError

    with pytest.raises(KilledError):
        Outbox(store, {"page": killed}, clock=clock).send_due("page")
    assert sender.send_due("page") == 0
    clock.go(seconds=121)
    assert sender.send_due("page") == 1
    assert receiver.got[0].key == receiver.got[1].key
    assert counted(store)["done"] == 1


def test_a_fault_of_ours_tells_its_kind_alone(
    store: Store, keeper: Keeper, clock: SetClock, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(keeper, 1)

    def broken(_: OutboxRow) -> None:
        raise KeyError("Ada Lovelace")

    Outbox(store, {"page": broken}, clock=clock, attempts=1).send_due("page")
    with store.reading() as connection:
        (letter,) = dead_letters(connection)
    assert letter.last_problem == "a fault of ours (KeyError)"
    assert "Lovelace" not in capsys.readouterr().err


class _Server(ThreadingHTTPServer):
    answers: list[int]
    seen: list[tuple[dict[str, str], bytes]]


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((dict(self.headers), body))
        status = self.server.answers.pop(0) if self.server.answers else 204
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        return None


@contextmanager
def listening(*answers: int) -> Iterator[_Server]:
    server = _Server(("127.0.0.1", 0), _Handler)
    server.answers, server.seen = list(answers), []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_webhook_is_signed_and_tried_until_it_answers_2xx(
    sqlite_store: Store, clock: SetClock
) -> None:
    with listening(500, 302) as server:
        hook = Webhook("pager", f"http://127.0.0.1:{server.server_port}/in", SECRET)
        keeper = Keeper(sqlite_store, FakeFollowing(), [check_webhook(hook).subscription()], clock)
        send = webhook_sender(hook, lambda: clock().timestamp())
        sender = Outbox(sqlite_store, {"pager": send}, clock=clock)
        infused = arrived("7", "infusion", None)
        keeper.keep([message("1", infused, arrived("7", "crp", "400", 1))])
        for _ in range(3):
            assert sender.send_due("pager") == 1  # of four events the alert alone
            clock.go(seconds=5)
        assert sender.send_due("pager") == 0
    assert len(server.seen) == 3
    assert len({headers["Idempotency-Key"] for headers, _ in server.seen}) == 1
    headers, body = server.seen[-1]
    told = dict(part.split("=") for part in headers["X-Cartwheel-Signature"].split(","))
    made = hmac.new(SECRET, f"{told['t']}.".encode() + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(told["v1"], made)
    assert int(told["t"]) == int((clock.now - timedelta(seconds=5)).timestamp())
    assert json.loads(body)["body"]["step"] == "raised"


def test_a_webhook_that_nobody_listens_at(sqlite_store: Store, clock: SetClock) -> None:
    with listening() as server:
        port = server.server_port
    hook = Webhook("pager", f"http://127.0.0.1:{port}/", SECRET, alerts_only=False)
    keeper = Keeper(sqlite_store, FakeFollowing(), [hook.subscription()], clock)
    sender = Outbox(sqlite_store, {"pager": webhook_sender(hook)}, clock=clock, attempts=1)
    keep(keeper, 1)
    sender.send_due("pager")
    with sqlite_store.reading() as connection:
        (letter,) = dead_letters(connection)
    assert letter.last_problem == "no answer (ConnectionRefusedError)"


@pytest.mark.parametrize(
    ("url", "secret", "code"),
    [
        ("http://pager.example.org/", SECRET, "webhook_address"),
        ("ftp://127.0.0.1/", SECRET, "webhook_address"),
        ("https:///in", SECRET, "webhook_address"),
        ("https://pager.example.org/", b"short", "webhook_secret"),
    ],
)
def test_webhooks_that_are_refused(url: str, secret: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        check_webhook(Webhook("pager", url, secret))
    assert refused.value.problems[0].code == code
    assert "example.org" not in str(refused.value)


def test_it_goes_by_itself(sqlite_store: Store, clock: SetClock, receiver: Receiver) -> None:
    keeper = Keeper(sqlite_store, FakeFollowing(), [EVERYTHING], clock)
    sender = Outbox(sqlite_store, {"page": receiver}, clock=clock)
    sender.start()
    keep(keeper, 1, 2, 3)
    sender.wake()
    until = time.monotonic() + 20
    while counted(sqlite_store)["done"] < 3 and time.monotonic() < until:
        time.sleep(0.01)
    sender.stop()
    assert receiver.values == [1, 2, 3]
