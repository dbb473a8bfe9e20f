"""The real server is killed while hospitals send: nothing is lost, nothing doubled."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn", reason="cartwheel[serve] is not installed")

from sqlalchemy import func, select
from ward_aimed import MOMENTS
from ward_senders import Course, Line, Senders
from ward_served import UNIT, Served
from ward_whole import whole

from cartwheel.serve.ward.outbox import Outbox
from cartwheel.serve.ward.webhook import webhook_sender
from cartwheel.serve.ward.webhook_file import webhooks_of
from cartwheel.store.database import Store
from cartwheel.store.ward_outbox import count_outbox
from cartwheel.store.ward_tables import events, outbox

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")


class _Receiver(ThreadingHTTPServer):
    """Who is paged: does what a key asks for once, however often it comes."""

    daemon_threads = True
    done: dict[str, bytes]
    twice: int


class _Handler(BaseHTTPRequestHandler):
    server: _Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        key = self.headers["Idempotency-Key"]
        before = self.server.done.setdefault(key, body)
        self.server.twice += before is not body
        # what comes again under a key is the same
        self.send_response(204 if before == body else 409)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            return  # the server was killed while it spoke

    def log_message(self, *_: Any) -> None:
        return None


@contextmanager
def receiving(folder: Path) -> Iterator[tuple[_Receiver, Path]]:
    """Run a receiver, and write the file that names it."""
    server = _Receiver(("127.0.0.1", 0), _Handler)
    server.done, server.twice = {}, 0
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "secret").write_bytes(b"0123456789abcdef0123456789abcdef")
    path = folder / "webhooks.toml"
    path.write_text(
        'schema = "cartwheel/webhooks/1"\n[[webhook]]\nname = "pager"\n'
        f'url = "http://127.0.0.1:{server.server_port}/in"\nsecret_file = "secret"\n'
    )
    try:
        yield server, path
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def live_and_die(server: Served, senders: Senders, chance: random.Random, turn: int) -> str:
    """Start a server, and have it killed: at a random time, or at a chosen moment."""
    when = MOMENTS[turn // 2 % 3] if turn % 2 else ""
    if when:
        count = chance.randrange(1, 150 if when == "statement" else 12)
        server.begin(str(UNIT / "ward_aimed.py"), when, str(count))
    else:
        server.begin()
    if not server.opened():
        server.kill()
        return when  # it fell before it was open
    if when:
        if server.wait(10):
            server.kill()
            return when
    else:
        if turn % 4:
            senders.wait_for(chance.randrange(1, 60))
        time.sleep(chance.uniform(0.0, 0.3))
    server.kill()
    return "random"


def kill_many_times(folder: Path, url: str, rounds: int, seed: int = 9) -> None:
    with receiving(folder / "hook") as (receiver, hooks):
        server = Served(folder, url, CARTWHEEL_WEBHOOKS=str(hooks))
        server.prepare()
        course, chance = Course(), random.Random(seed)
        senders = Senders(course, lambda _: server.mllp)
        died = Counter[str]()
        begun = time.monotonic()
        try:
            senders.start()
            for turn in range(rounds):
                died[live_and_die(server, senders, chance, turn)] += 1
            server.start()
            senders.wait_for(60)
        except BaseException:
            server.kill()
            raise
        senders.finish()
        _sent_again(server, course, senders)
        store = server.store()
        server.stop()
        _told(store, hooks)
        whole(store, course, senders.known)
        with store.reading() as connection:
            told = set(connection.execute(
                select(outbox.c.key).where(outbox.c.target == "pager")
            ).scalars())  # fmt: skip
            alerts = connection.execute(
                select(func.count()).select_from(events).where(events.c.kind == "alert")
            ).scalar_one()
        store.close()
    # each step of an alert was told, under one key, and none that is not in the log
    assert receiver.done.keys() == told
    assert len(told) == alerts
    assert senders.again > rounds // 2
    print(
        f"{rounds} kills {dict(died)}, {senders.acknowledged} messages {senders.answers}, "
        f"{alerts} steps of alerts told, {receiver.twice} of them again, "
        f"{time.monotonic() - begun:.0f} s"
    )


def _told(store: Store, hooks: Path) -> None:
    """Let the time pass after which what a killed server had begun to tell is told again."""
    (hook,) = webhooks_of({"CARTWHEEL_WEBHOOKS": str(hooks)})
    now = datetime.now(UTC) + timedelta(hours=1)
    outbox_of = Outbox(store, {hook.name: webhook_sender(hook)}, clock=lambda: now)
    while outbox_of.send_due(hook.name):
        now += timedelta(hours=1)
    with store.reading() as connection:
        counted = count_outbox(connection)[hook.name]
    assert (counted["waiting"], counted["dead"]) == (0, 0)


def _sent_again(server: Served, course: Course, senders: Senders) -> None:
    """What was acknowledged long ago comes again, as engines do after a repair."""
    line = Line(server.mllp)
    for sender, places in enumerate(senders.known):
        for place in random.Random(sender).sample(places, min(20, len(places))):
            assert line.code(course.content(sender, place)) == "AA"
    line.close()


@pytest.mark.parametrize(("database", "rounds"), [("sqlite", 8), ("postgresql", 5)])
def test_the_real_server_is_killed_and_goes_on(
    database: str, rounds: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = request.getfixturevalue("postgresql_url") if database == "postgresql" else ""
    kill_many_times(tmp_path, url, rounds)


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_the_real_server_is_killed_two_hundred_times(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = request.getfixturevalue("postgresql_url") if database == "postgresql" else ""
    kill_many_times(tmp_path, url, 200)
