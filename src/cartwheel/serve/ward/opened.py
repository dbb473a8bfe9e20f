"""The open ward of a running application: one intake, one clock, one feed, one table of codes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from cartwheel.errors import PlanRefused, Refused, refuse
from cartwheel.serve.settings import Settings
from cartwheel.serve.ward.clock import Clock
from cartwheel.serve.ward.feed import Feed
from cartwheel.serve.ward.followed import WardFollowing
from cartwheel.serve.ward.following import Following
from cartwheel.serve.ward.ingest import Ingest
from cartwheel.serve.ward.keeper import Keeper
from cartwheel.serve.ward.kept_wards import kept_followings, parts_of
from cartwheel.store.database import Store
from cartwheel.store.ward_codes import CodesEdition, codes_kept, keep_codes
from cartwheel.store.ward_outbox import Subscription
from cartwheel.store.ward_parts import ward_file_identities
from cartwheel.watch.codes import CodeTable
from cartwheel.watch.intake import Item, Message
from cartwheel.watch.targets import Target
from cartwheel.watch.ward import Ward, read_ward, ward_text_document

# seconds: how long the table of codes is believed before another server's edition is looked for
_FRESH = 2.0


class LiveCodes:
    """The centre's table of codes as it is now, also where another server has changed it.

    Parameters
    ----------
    store : Store
        Where its editions are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._table = codes_kept(store)
        self._read_at = time.monotonic()

    @property
    def table(self) -> CodeTable:
        """The last edition; at most two seconds old."""
        if time.monotonic() - self._read_at > _FRESH:
            with self._lock:
                if time.monotonic() - self._read_at > _FRESH:
                    self._read_at = time.monotonic()
                    try:
                        self._table = codes_kept(self._store)
                    except Refused:
                        # the database is away: what is known goes on to count
                        return self._table
        return self._table

    def keep(self, table: CodeTable, who: str) -> CodesEdition:
        """Keep a new edition; it counts from the next message on.

        Parameters
        ----------
        table : CodeTable
            Checked, whole.
        who : str
            Name of the account.

        Returns
        -------
        CodesEdition
        """
        edition = keep_codes(self._store, table, who)
        with self._lock:
            self._table, self._read_at = table, time.monotonic()
        return edition


@dataclass(slots=True)
class WardServices:
    """What everything that serves a ward works with: `Services.ward` of a running application.

    Parameters
    ----------
    ward : Ward
        As its file says.
    folder : Path
        Of the ward file.
    following : WardFollowing
        The step under it.
    store : Store
        Where the log is.
    ingest : Ingest
        Keeps messages: ``ingest.accept(message)``, ``await ingest.accept_soon(message)``.
    clock : Clock
        Lets time pass.
    feed : Feed
        Tells what changed.
    codes : LiveCodes
        ``codes.table`` is the centre's table as it is now.
    zone : ZoneInfo
        For times without an offset.
    parsers : dict of str to callable
        Interface -> content of a message to `Message`, so that what was parked can be read again.
    readers : dict of str to callable
        Interface -> a kept message to its items, where the content alone does not say it all.
    senders : dict of str to object
        Of FHIR: name of a sender -> how its resources are read, a `FhirOptions`.
    starters, stoppers : list of callable
        What runs beside: an MLLP server, webhooks. Started last, stopped first.
    counters : dict of str to callable
        What else is counted, for metrics: ``opened.counters["hl7"] = lambda: server.counts``.
    kept : dict of str to object
        What pages keep from one request to the next, such as who counts drift.
    """

    ward: Ward
    folder: Path
    following: WardFollowing
    store: Store
    ingest: Ingest
    clock: Clock
    feed: Feed
    codes: LiveCodes
    zone: ZoneInfo
    parsers: dict[str, Callable[[bytes], Message]] = field(default_factory=dict)
    readers: dict[str, Callable[[Message], Sequence[Item]]] = field(default_factory=dict)
    senders: dict[str, object] = field(default_factory=dict)
    starters: list[Callable[[], object]] = field(default_factory=list)
    stoppers: list[Callable[[], object]] = field(default_factory=list)
    counters: dict[str, Callable[[], Mapping[str, int]]] = field(default_factory=dict)
    kept: dict[str, object] = field(default_factory=dict)
    running: bool = False
    _followings: dict[str, Following] = field(default_factory=dict)
    _tried: set[str] = field(default_factory=set)

    def start(self) -> None:
        """Begin to take messages, and let time pass."""
        if self.running:
            return
        self.running = True
        self.ingest.start()
        self.clock.start()
        for begin in self.starters:
            begin()

    def stop(self) -> None:
        """End: first who brings messages, then the clock, then the intake; nothing is lost."""
        self.feed.close()
        if not self.running:
            return
        self.running = False
        for end in reversed(self.stoppers):
            end()
        self.clock.stop()
        self.ingest.stop()

    def followings(self) -> dict[str, Following]:
        """Give every ward file that was ever in force and can still be read, by its identity.

        Returns
        -------
        dict of str to Following
            Not those that say something else to this version: what was told then is in the events.
        """
        with self.store.reading() as connection:
            kept = ward_file_identities(connection)
        if not kept <= self._tried:
            found = kept_followings(self.store, self.folder)
            self._followings = {**found, **self._followings}
            self._tried |= kept
        self._followings[self.following.sha256] = self.following
        return dict(self._followings)


def open_ward_services(
    settings: Settings,
    store: Store,
    *,
    more_targets: Sequence[Target] = (),
    subscriptions: Sequence[Subscription] = (),
) -> WardServices:
    """Open the ward that the settings name; nothing runs before ``start()``.

    Parameters
    ----------
    settings : Settings
        With ``ward``, the path of a ward file.
    store : Store
        Open.
    more_targets : sequence of Target
        Landmark models, one for each that the ward file names.
    subscriptions : sequence of Subscription
        Who is told of which events.

    Returns
    -------
    WardServices

    Raises
    ------
    FileRefused, PlanRefused
        What is wrong with the ward file; ``no_ward_file`` where the settings name none.
    """
    if settings.ward is None:
        raise refuse(
            PlanRefused, "no_ward_file", "this server follows no ward", where="ward",
            mend="start it with a ward file: cartwheel monitor run WARD.toml",
        )  # fmt: skip
    path = Path(settings.ward)
    ward = read_ward(path, more_targets)
    content = path.read_bytes()
    parts = parts_of(ward_text_document(content), path.parent)
    following = WardFollowing(ward, content, parts)
    ingest = Ingest(Keeper(store, following, subscriptions))
    feed = Feed(store)
    ingest.listen(feed.wake)
    opened = WardServices(
        ward, path.parent, following, store, ingest, Clock(ingest), feed, LiveCodes(store),
        ZoneInfo(ward.time_zone),
    )  # fmt: skip
    opened.parsers["hl7"] = lambda content: _parse_hl7(opened, content)
    return opened


def _parse_hl7(opened: WardServices, content: bytes) -> Message:
    from cartwheel.serve.hl7.parsing import parse  # noqa: PLC0415

    return parse(content, opened.zone, opened.codes.table)
