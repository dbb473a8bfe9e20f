"""Server-sent events of a job. A stream that breaks off is taken up again by the browser.

Every stream begins with the present state, so nothing is missed in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from cartwheel.serve.jobs.queue import Queue
from cartwheel.store.kept_jobs import Job

EVENT_STREAM = "text/event-stream"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
# milliseconds after which a browser asks again
_RETRY = 1000


async def events(
    queue: Queue, job_id: str, render: Callable[[Job], str], quiet: float = 10.0
) -> AsyncIterator[str]:
    """Write the events of a job.

    Parameters
    ----------
    queue : Queue
        Knows of it.
    job_id : str
        Of the job; whose it is was looked at before.
    render : function of Job
        Writes what is sent: a part of a page, or JSON.
    quiet : float
        Seconds after which a comment keeps the stream alive.

    Yields
    ------
    str
        ``progress`` events while the job goes, then ``over`` with the last state; ``over`` without
        data where it was deleted.
    """
    yield f"retry: {_RETRY}\n\n"
    is_over = False
    async for job in queue.looks(job_id, quiet):
        if job is None:
            yield ": still here\n\n"
            continue
        is_over = job.is_over
        text = await asyncio.to_thread(render, job)
        yield event("over" if is_over else "progress", text)
    if not is_over and not queue.stopping:
        yield event("over", "")


def event(name: str, text: str) -> str:
    """Write one event.

    Parameters
    ----------
    name : str
        Of the event, one line.
    text : str
        Its data; may have lines.

    Returns
    -------
    str
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return f"event: {name}\n" + "".join(f"data: {line}\n" for line in lines) + "\n"
