"""Reading a result for a call that waits for the answer: its places, its traces, its referee."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cartwheel.report.address import read_address
from cartwheel.result_json import read_result
from cartwheel.serve.jobs.asked import Asked
from cartwheel.serve.jobs.kinds import Output, Say
from cartwheel.serve.jobs.made import json_output

ANSWER = "answer.json"


def run_read(folder: Path, request: Mapping[str, Any], say: Say) -> tuple[Output, ...]:
    """Read a result, and answer what is asked of it.

    Parameters
    ----------
    folder, say
        As of `run_check`.
    request : mapping
        ``file``; ``what``: ``places`` (with ``below``), ``trace`` (with ``place``, a place or what
        the paper calls it, or ``said``, what the paper says; and ``share``) or ``referee``.

    Returns
    -------
    tuple of Output
        ``answer.json``: what ``cartwheel trace --json`` and ``cartwheel referee --json`` write, and
        a list of places.

    Raises
    ------
    Refused
        As of `cartwheel.workflows.trace`, `cartwheel.report.addressed` and
        `cartwheel.workflows.referee`.
    """
    asked = Asked(folder, request, ("file", "what", "below", "place", "said", "share"))
    say("reading the result", 0, 0)
    return (json_output(ANSWER, _ANSWERS[asked.take("what", str)](asked)),)


def _places(asked: Asked) -> object:
    from cartwheel.workflows.trace import places  # noqa: PLC0415 - only what is asked is loaded

    return {"places": list(places(asked.path(), asked.take("below", str, "")))}


def _trace(asked: Asked) -> object:
    from cartwheel.workflows.trace import trace  # noqa: PLC0415 - as above

    share, said = asked.take("share", bool, False), asked.take("said", str, "")
    place = asked.take("place", str, "")
    if said:
        from cartwheel.report.addressed import said_at  # noqa: PLC0415 - as above

        return said_at(_document(asked), said, share=share)
    address = read_address(place)
    if address is not None:
        from cartwheel.report.addressed import addressed  # noqa: PLC0415 - as above

        found = addressed(_document(asked), address, share=share)
        if len(found) > 1 and not found[0].address.startswith("F"):
            return found
        place = found[0].place
    return trace(asked.path(), place)


def _referee(asked: Asked) -> object:
    from cartwheel.workflows.referee import referee_file  # noqa: PLC0415 - as above

    return referee_file(asked.path())


def _document(asked: Asked) -> dict[str, Any]:
    _, document = read_result(
        asked.path(),
        ("develop", "validate", "pool", "appraise"),
        mend="give the JSON of develop, validate, pool or appraise",
        what="there is no paper of this, whose tables could be counted",
    )
    return document


_ANSWERS: Mapping[str, Callable[[Asked], object]] = {
    "places": _places,
    "trace": _trace,
    "referee": _referee,
}
