"""Interface engines: each sends its messages in order over MLLP, and again until acknowledged."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from hl7_messages import header

BEDS = 10
SPIKE, FEVER, CORRECTED = (8, 1), (50, 25), (7, 4)
_TIME = "%Y%m%d%H%M%S+0000"


def stamp(moment: datetime) -> str:
    """Write a moment as HL7 does, with its offset."""
    return moment.astimezone(UTC).strftime(_TIME)


class Course:
    """The messages of each sender: the same ones always.

    Ten patients in turn. CRP of a patient is high in one of eight messages and low in the next,
    so that it is known how many alerts there must be; one of seven corrects the one before it.
    """

    def __init__(self, begun: datetime | None = None, step: timedelta = timedelta(seconds=30)):
        # late enough that an alert counts as one of now, early enough for many messages
        self.begun = begun or datetime.now(UTC) - timedelta(hours=20)
        self.step = step

    def control(self, sender: int, place: int) -> str:
        return f"{sender}-{place}"

    def patient(self, sender: int, place: int) -> str:
        return f"R{sender}{place % BEDS}"

    def is_spike(self, place: int) -> bool:
        """Whether it raises an alert that the next one of the patient clears."""
        turn = place // BEDS
        return turn % SPIKE[0] == SPIKE[1]

    def is_end(self, place: int) -> bool:
        """Whether it clears one."""
        return place >= BEDS and self.is_spike(place - BEDS)

    def corrects(self, place: int) -> bool:
        """Whether it corrects the value before it, which was low and stays so."""
        turn = place // BEDS
        return turn % CORRECTED[0] == CORRECTED[1] and not self.is_spike(place - BEDS)

    def lines(self, place: int) -> int:
        """How many observations it brings."""
        return 2 + (place < BEDS) + self.corrects(place)

    def content(self, sender: int, place: int) -> bytes:
        """Write a message."""
        control, turn = self.control(sender, place), place // BEDS
        chance = random.Random(control)
        crp = 150 if self.is_spike(place) else chance.randrange(5, 70)
        fever = turn % FEVER[0] >= FEVER[1]
        segments = [
            header(control=control, sent=stamp(self.begun), charset="UNICODE UTF-8"),
            f"PID|1||{self.patient(sender, place)}^^^NORTH^MR||Muster^Person{place % BEDS}",
        ]
        if not turn:
            day_0 = stamp(self.begun - timedelta(days=2))
            segments += [f"OBR|1|I{control}|I{control}|CHEM^C^L|||{day_0}",
                         f"OBX|1|CE|CART^^L||Y^yes||||||F|||{day_0}"]  # fmt: skip
        if self.corrects(place):
            before = self.control(sender, place - BEDS)
            segments += self._order(before, turn - 1, "C",
                                    ("NM", "1988-5", chance.randrange(5, 70), "mg/L"))  # fmt: skip
        segments += self._order(control, turn, "F", ("NM", "1988-5", crp, "mg/L"),
                                ("NM", "8310-5", "38.6" if fever else "37.0", "Cel"))  # fmt: skip
        return ("\r".join(segments) + "\r").encode()

    def _order(self, order: str, turn: int, status: str, *seen: tuple[object, ...]) -> list[str]:
        taken = stamp(self.begun + turn * self.step)
        made = [f"OBR|1|P{order}|F{order}|CHEM^C^L|||{taken}|||||||||||||||{taken}|||F"]
        for at, (kind, code, value, unit) in enumerate(seen, 1):
            made.append(f"OBX|{at}|{kind}|{code}^^LN||{value}|{unit}|||||{status}|||{taken}")
        return made


class Line:
    """One MLLP connection of a client of our own."""

    def __init__(self, port: int, seconds: float = 60.0) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=seconds)
        self._rest = b""

    def send(self, content: bytes) -> None:
        self.socket.sendall(b"\x0b" + content + b"\x1c\r")

    def answer(self) -> bytes:
        """Read one frame; ConnectionError where the other end is gone."""
        while b"\x1c\r" not in self._rest:
            more = self.socket.recv(65_536)
            if not more:
                raise ConnectionResetError
            self._rest += more
        frame, _, self._rest = self._rest.partition(b"\x1c\r")
        return frame.lstrip(b"\x0b")

    def ask(self, content: bytes) -> bytes:
        """Send a message, and read how it is acknowledged."""
        self.send(content)
        return self.answer()

    def code(self, content: bytes) -> str:
        """Send a message, and read AA, AE or AR."""
        return code_of(self.ask(content))

    def close(self) -> None:
        self.socket.close()


def code_of(answer: bytes) -> str:
    """Read MSA-1."""
    found = next(line for line in answer.split(b"\r") if line.startswith(b"MSA|"))
    return found.split(b"|")[1].decode()


class Senders:
    """So many of them at once, each in order, each until it is acknowledged."""

    def __init__(self, course: Course, ports: Callable[[int], int], many: int = 4) -> None:
        self.course, self._ports = course, ports
        self.known: list[list[int]] = [[] for _ in range(many)]
        self.answers: dict[str, int] = {}
        self.again = 0
        self._ending, self._lock = threading.Event(), threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, args=(one,), daemon=True) for one in range(many)
        ]

    @property
    def acknowledged(self) -> int:
        """How many messages."""
        return sum(len(one) for one in self.known)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def finish(self) -> None:
        """Let each have its last message acknowledged, and end."""
        self._ending.set()
        for thread in self._threads:
            thread.join(120)
            assert not thread.is_alive(), "a message was never acknowledged"

    def wait_for(self, more: int, seconds: float = 60.0) -> None:
        """Wait until so many more are acknowledged."""
        wanted, until = self.acknowledged + more, time.monotonic() + seconds
        while self.acknowledged < wanted:
            assert time.monotonic() < until, f"{wanted - self.acknowledged} of {more} are missing"
            time.sleep(0.005)

    def _run(self, sender: int) -> None:
        place, line = 0, None
        content = self.course.content(sender, place)
        while True:
            try:
                line = line or Line(self._ports(sender))
                told = line.code(content)
            except OSError:
                if line is not None:
                    line.close()
                line, told = None, "gone"
            with self._lock:
                self.answers[told] = self.answers.get(told, 0) + 1
            if told != "AA":
                self.again += 1
                time.sleep(0.05)
                continue
            self.known[sender].append(place)
            if self._ending.is_set():
                line.close()
                return
            place += 1
            content = self.course.content(sender, place)
