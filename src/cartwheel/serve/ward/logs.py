"""Log lines as JSON on stderr, of fields that are listed here: nobody's name can be in them.

What a line says is the text that stands in the program; of what is filled into it only numbers,
codes of problems and kinds of errors are told. Lines of other libraries keep their fixed text.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cartwheel.watch.intake import INTERFACES

_log = logging.getLogger("cartwheel.requests")

# a single word may be somebody's name; codes of problems are of several
_CODE = re.compile(r"[a-z][a-z0-9]*(?:[_:][a-z0-9]+)+", re.ASCII)
_KIND = re.compile(r"(?:[A-Z][A-Za-z0-9]*)?(?:Error|Exception|Refused|Timeout|Known|Reset|Pipe)")
_ROUTE = re.compile(r"(?:/(?:[a-z0-9._$-]{1,40}|\{[a-z_]{1,30}(?::path)?\}))*/?", re.ASCII | re.I)
# libraries whose texts stand in their programs, and hold nothing until something is filled in
_FIXED = ("cartwheel", "uvicorn")
_LONGEST = 200


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)


def _is_code(value: object) -> bool:
    return isinstance(value, str) and _CODE.fullmatch(value) is not None


def _is_word(value: object) -> bool:
    return _is_code(value) or (isinstance(value, str) and _KIND.fullmatch(value) is not None)


def _is_route(value: object) -> bool:
    return isinstance(value, str) and _ROUTE.fullmatch(value) is not None


FIELDS: Mapping[str, Callable[[object], bool]] = {
    "method": lambda value: value in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"),
    "route": _is_route,
    "status": _is_number,
    "milliseconds": _is_number,
    "interface": lambda value: value in INTERFACES,
    "reason": _is_code,
    "outcome": lambda value: value in ("stored", "repeat", "refused"),
    "many": _is_number,
    "port": _is_number,
}
"""What a line may say beside its text, and which values each may have."""


class JsonLines(logging.Formatter):
    """Writes each line as an object of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a line."""
        told: dict[str, Any] = {
            "time": _moment(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "text": _text(record),
        }
        for name, fits in FIELDS.items():
            value = record.__dict__.get(name)
            if value is not None:
                told[name] = value if fits(value) else "-"
        if record.exc_info and record.exc_info[0] is not None:
            told["error"] = record.exc_info[0].__name__
            told["place"] = _place(record.exc_info[2])
        return json.dumps(told, ensure_ascii=False)


def _moment(created: float) -> str:
    then = datetime.fromtimestamp(created, UTC)
    return then.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(record: logging.LogRecord) -> str:
    library = record.name.partition(".")[0]
    if library not in _FIXED or not isinstance(record.msg, str):
        # its text may have been put together from what came
        return "-"
    given = record.args if isinstance(record.args, tuple) else ()
    own = library == "cartwheel"
    words = [one if _is_number(one) or (own and _is_word(one)) else "-" for one in given]
    text = re.sub(r"%[-#0-9. +]*[a-zA-Z]", "%s", record.msg)
    try:
        text = text % tuple(words) if words else record.msg
    except (TypeError, ValueError):
        return "-"
    return " ".join(text.split())[:_LONGEST]


def _place(found: Any) -> str:
    while found is not None and found.tb_next is not None:
        found = found.tb_next
    if found is None:
        return "-"
    return f"{Path(found.tb_frame.f_code.co_filename).name}:{found.tb_lineno}"


def write_logs(stream: TextIO | None = None, level: int = logging.INFO) -> logging.Handler:
    """Write every log line of this process as JSON: call it once, before a server starts.

    Parameters
    ----------
    stream : text file, optional
        By default stderr.
    level : int
        The least that is written.

    Returns
    -------
    logging.Handler
        In place of every other one; start uvicorn with ``log_config=None``.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        one = logging.getLogger(name)
        one.handlers.clear()
        # addresses hold ids: requests are told by `RequestLog`, by their routes
        one.propagate = name != "uvicorn.access"
    return handler


class RequestLog:
    """Tells of each request its method, route, status and time; never its address.

    Parameters
    ----------
    app : ASGI application
        Behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, and tell of it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, sending)
        finally:
            level = logging.WARNING if status >= 500 or not status else logging.INFO
            _log.log(
                level,
                "request",
                extra={
                    "method": scope["method"],
                    # as the program spells it, with the names of its parts and not their values
                    "route": getattr(scope.get("route"), "path", "-"),
                    "status": status,
                    "milliseconds": round(1000 * (time.perf_counter() - begun), 1),
                },
            )
