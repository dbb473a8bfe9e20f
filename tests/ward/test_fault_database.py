"""The real server and its database: restarted in mid transaction, and shared by two servers."""

from __future__ import annotations

import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

pytest.importorskip("uvicorn", reason="cartwheel[serve] is not installed")

from serve_postgresql import Cluster
from ward_senders import Course, Line, Senders
from ward_served import Served
from ward_whole import whole

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")


def test_a_database_that_is_restarted_in_mid_transaction(
    postgresql: Cluster, tmp_path: Path
) -> None:
    server = Served(tmp_path, postgresql.new_database())
    server.prepare()
    server.start()
    server.ready()
    course = Course()
    senders = Senders(course, lambda _: server.mllp)
    senders.start()
    try:
        for away in (0.0, 0.5, 0.0):
            senders.wait_for(50)
            # as if its machine had lost its power: what was not committed is gone
            postgresql.stop("immediate")
            time.sleep(away)
            postgresql.start()
        # by itself, without a new start
        senders.wait_for(50)
    except BaseException:
        server.kill()
        raise
    senders.finish()
    assert senders.answers["AE"] > 0
    assert "gone" not in senders.answers
    assert server.ask("GET", "/health/ready")[0] == 200
    server.stop()
    store = server.store()
    whole(store, course, senders.known)
    store.close()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_two_servers_on_one_database_and_one_is_killed(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = request.getfixturevalue("postgresql_url") if database == "postgresql" else ""
    first, second = both = Served(tmp_path, url), Served(tmp_path, url)
    first.prepare()
    for server in both:
        server.begin()
    for server in both:
        assert server.opened()
        server.ready()
    ports = [first.mllp, second.mllp]
    course = Course()
    senders = Senders(course, lambda sender: ports[sender % 2])
    senders.start()
    try:
        senders.wait_for(100)
        first.kill()
        # its interface engines have a second address
        ports[0] = second.mllp
        senders.wait_for(100)
        first.start()
        first.ready()
    except BaseException:
        first.kill()
        second.kill()
        raise
    senders.finish()
    assert senders.answers["gone"] > 0

    def send_again(sender: int) -> Counter[str]:
        told = Counter[str]()
        for server in both:
            line = Line(server.mllp)
            told.update(
                line.code(course.content(sender % 4, place)) for place in places[sender % 4]
            )
            line.close()
        return told

    # all that was sent comes again at both servers, by eight connections at once
    places = [one[-13:] for one in senders.known]
    with ThreadPoolExecutor(8) as several:
        told = sum(several.map(send_again, range(8)), Counter[str]())
    assert told == {"AA": 4 * sum(len(one) for one in places)}
    for server in both:
        server.stop()
    store = second.store()
    whole(store, course, senders.known)
    store.close()
