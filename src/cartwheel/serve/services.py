"""What every page and call works with: the settings, the store, the queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from starlette.requests import HTTPConnection

from cartwheel.serve.access.audit import AuditWriter
from cartwheel.serve.access.sessions import Sessions
from cartwheel.serve.jobs.queue import Queue
from cartwheel.serve.settings import Settings
from cartwheel.store.database import Store


@dataclass(frozen=True, slots=True)
class Services:
    """What every page and call works with.

    Parameters
    ----------
    settings : Settings
        As the server was told.
    store : Store
        Files, jobs, accounts.
    queue : Queue
        Takes jobs and runs them.
    audit : AuditWriter
        Who did what; told by `cartwheel.serve.access.audit.record`.
    sessions : Sessions
        Of people who have logged in.
    """

    settings: Settings
    store: Store
    queue: Queue
    audit: AuditWriter
    sessions: Sessions


def services(connection: HTTPConnection) -> Services:
    """Find them.

    Parameters
    ----------
    connection : HTTPConnection
        A request.

    Returns
    -------
    Services
    """
    return cast(Services, connection.app.state.services)
