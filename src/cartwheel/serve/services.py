"""What every page and call works with: the settings, the store, the queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from starlette.requests import HTTPConnection

from cartwheel.serve.access.audit import AuditWriter
from cartwheel.serve.access.sessions import Sessions
from cartwheel.serve.jobs.queue import Queue
from cartwheel.serve.settings import Settings
from cartwheel.store.database import Store

if TYPE_CHECKING:
    # the first page of a server without a ward need not load it
    from cartwheel.serve.ward.opened import WardServices


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
    ward : WardServices or None
        Of the ward that is followed; None where the server was started without a ward file.
    """

    settings: Settings
    store: Store
    queue: Queue
    audit: AuditWriter
    sessions: Sessions
    ward: WardServices | None = None


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
