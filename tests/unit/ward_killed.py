"""A server that takes messages until it is killed: run as a program by the tests of faults.

``python ward_killed.py FOLDER URL ROUNDS SEED``: so many times a process is begun that keeps
messages from several senders, and killed (SIGKILL) at a random moment. Senders do what senders do:
what was not acknowledged is sent again by the next process. What was acknowledged is written to
``acknowledged`` in the folder, a line for each, by one write that no kill can part.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

import psycopg  # noqa: F401 - loaded once, before the processes part
from ward_fake import FakeFollowing
from ward_messages import arrived, message

from cartwheel.serve.ward.ingest import Ingest
from cartwheel.serve.ward.keeper import Keeper
from cartwheel.store.database import open_store
from cartwheel.watch.intake import Message

SENDERS, EACH, PATIENTS = 4, 100_000, 6


def sent(key: str) -> Message:
    """Make the message of a key: the same one always."""
    sender, place = (int(part) for part in key.split("-")[1:])
    chance = random.Random(key)
    crp = arrived(f"{place % PATIENTS}", "crp", f"{chance.randrange(200)}", place / 50, source=key)
    if place < PATIENTS:
        return message(key, arrived(f"{place}", "infusion", None, source=f"{key}i"), crp)
    if place % 10 == 3:  # a correction of what another sender may have sent
        turn = key.partition("-")[0]
        other = f"{turn}-{sender}-{place - 1}"
        value = f"{chance.randrange(200)}"
        wrong = arrived(f"{(place - 1) % PATIENTS}", "crp", value, (place - 1) / 50,
                        source=other, status="corrected")  # fmt: skip
        return message(key, wrong, crp)
    return message(key, crp)


def serve(folder: Path, url: str, turn: int) -> None:
    """Take messages until somebody kills this process."""
    asked = os.open(folder / "sent", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    known = os.open(folder / "acknowledged", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    ingest = Ingest(Keeper(open_store(folder / "data", url or None), FakeFollowing()))
    ingest.start()
    ready = folder / f"ready-{turn}"
    unsure = sorted(lines(folder / "sent") - lines(folder / "acknowledged"))

    def send(sender: int) -> None:
        mine = [key for place, key in enumerate(unsure) if place % SENDERS == sender]
        fresh = (f"{turn}-{sender}-{place}" for place in range(EACH))
        for key in (*mine, *fresh):
            os.write(asked, f"{key}\n".encode())
            if ingest.accept(sent(key)).durable:
                os.write(known, f"{key}\n".encode())
                ready.touch()

    threads = [threading.Thread(target=send, args=(one,), daemon=True) for one in range(SENDERS)]
    for thread in threads:
        thread.start()
    if turn % 4 == 0:  # it may be killed before it has acknowledged anything
        ready.touch()
    threading.Event().wait()


def lines(path: Path) -> set[str]:
    """Read the lines of a file; none where it is not there."""
    return set(path.read_text("ascii").split()) if path.exists() else set()


def main(folder: Path, url: str, rounds: int, seed: int) -> None:
    """Begin and kill."""
    chance = random.Random(seed)
    for turn in range(rounds):
        child = os.fork()
        if not child:
            try:
                serve(folder, url, turn)
            finally:
                os._exit(1)
        while not (folder / f"ready-{turn}").exists():
            time.sleep(0.001)
            assert os.waitpid(child, os.WNOHANG) == (0, 0), "it ended by itself"
        time.sleep(chance.uniform(0.0, 0.15))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
