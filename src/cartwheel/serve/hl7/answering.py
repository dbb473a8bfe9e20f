"""One frame in, its answer out: read, taken in, acknowledged, and counted without a name."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from threading import Lock
from typing import TypeAlias

from cartwheel.errors import Problem, Refused
from cartwheel.serve.hl7.acknowledging import Stamp, acknowledgements, batch_of, code_for
from cartwheel.serve.hl7.batches import frame_of
from cartwheel.serve.hl7.header import header_of
from cartwheel.watch.intake import Message, Receipt

Parse: TypeAlias = Callable[[bytes], Message]
Accept: TypeAlias = Callable[[Message], Receipt]

_log = logging.getLogger("cartwheel.hl7")
_MOST_MESSAGES = 10_000
_TOO_MANY = Problem("too_large", f"more than {_MOST_MESSAGES} messages in one frame")
_UNREADABLE = Problem("internal", "the message could not be processed")
_NOT_KEPT = Problem("store_unavailable", "the message could not be kept now", "", "send it again")


class Answers:
    """Answers frames; safe to call from several threads.

    Parameters
    ----------
    parse : callable
        Content of a message -> `Message`, see `parsing.parse`.
    accept : callable
        `Message` -> `Receipt`; it returns when the message is durable.
    stamp : Stamp
        Time and control ids of acknowledgements.
    """

    def __init__(self, parse: Parse, accept: Accept, stamp: Stamp | None = None) -> None:
        self._parse = parse
        self._accept = accept
        self._stamp = stamp or Stamp()
        self._counts: Counter[str] = Counter()
        self._lock = Lock()

    @property
    def counts(self) -> Mapping[str, int]:
        """How many messages, and how many of each acknowledgement and refusal, by code."""
        with self._lock:
            return dict(self._counts)

    def count(self, name: str) -> None:
        """Count one of something."""
        with self._lock:
            self._counts[name] += 1

    def replies(self, content: bytes) -> tuple[bytes, ...]:
        """Answer one frame.

        Each message of a batch is taken in by itself, in order, and the acknowledgements go back
        as one batch. Nothing is sent only where the sender asks for nothing (MSH-15, MSH-16).
        """
        frame = frame_of(content)
        if len(frame.messages) > _MOST_MESSAGES:
            return self.refusal(content[:4096], _TOO_MANY)
        if not frame.batch:
            return self._message(frame.messages[0])
        answers = [answer for one in frame.messages for answer in self._message(one)]
        if not answers and frame.messages:
            return ()
        comment = "BTS-1 states another number of messages" if frame.miscounted else ""
        if comment:
            self.count("batch_miscounted")
        return (batch_of(answers, self._stamp, file=frame.file, comment=comment),)

    def refusal(self, beginning: bytes, problem: Problem) -> tuple[bytes, ...]:
        """Answer a message that is not read to its end."""
        self._noted(problem)
        return acknowledgements(header_of(beginning), problem, self._stamp)

    def _message(self, content: bytes) -> tuple[bytes, ...]:
        problem = self._problem(content)
        self._noted(problem)
        return acknowledgements(header_of(content), problem, self._stamp)

    def _noted(self, problem: Problem | None) -> None:
        with self._lock:
            self._counts["messages"] += 1
            self._counts[code_for(problem)] += 1
            if problem is not None:
                self._counts[f"refused:{problem.code}"] += 1

    def _problem(self, content: bytes) -> Problem | None:
        try:
            message = self._parse(content)
        except Refused as refused:
            return refused.problems[0]
        except Exception as fault:
            _log.error("a message could not be read: %s", type(fault).__name__)
            return _UNREADABLE
        try:
            receipt = self._accept(message)
        except Exception as fault:
            _log.error("a message could not be kept: %s", type(fault).__name__)
            return _NOT_KEPT
        return None if receipt.durable else (receipt.problem or _NOT_KEPT)
