"""Answers to requests for cards: who asks, what was sent, what is fetched, what is answered."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from cartwheel.clinic.dictionary import variables
from cartwheel.errors import CohortRefused, Problem, refuse
from cartwheel.serve.cds.cards import Case, cards_of
from cartwheel.serve.cds.feedback import is_uuid
from cartwheel.serve.cds.fetching import fetch, may_ask
from cartwheel.serve.cds.offered import LOINC_SYSTEM, Needed, Service, services_of
from cartwheel.serve.cds.reading import Brought, read_brought
from cartwheel.serve.cds.settings import CdsSettings
from cartwheel.serve.cds.tokens import Tokens
from cartwheel.serve.fhir.checking import make_ready
from cartwheel.serve.fhir.context import FhirContext, FhirOptions, moment_in
from cartwheel.serve.fhir.json_text import Json
from cartwheel.serve.settings import Settings
from cartwheel.serve.ward.bedside import read_bedside
from cartwheel.serve.ward.keeper import utc_now
from cartwheel.serve.ward.meter import Histogram
from cartwheel.serve.ward.opened import WardServices
from cartwheel.store.ward_people import owners_of, root_of
from cartwheel.store.ward_tables import episodes
from cartwheel.watch.intake import Identifiers
from cartwheel.watch.track import Track

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}", re.ASCII)
_MOST_NOTES = 20


@dataclass(frozen=True, slots=True)
class Known:
    """What the ward knows of a patient.

    Parameters
    ----------
    patient : str
        The ward's own id.
    infusion : datetime or None
        Day 0.
    """

    patient: str
    infusion: datetime | None


class Desk:
    """Answers requests for cards.

    Parameters
    ----------
    told : CdsSettings
        Who may ask.
    settings : Settings
        Of the server.
    ward : WardServices
        The ward that is followed.
    clock : callable
        Tells the time; another one in tests.
    options : FhirOptions, optional
        Of the FHIR interface, so that both know a patient by the same numbers.
    """

    def __init__(
        self, told: CdsSettings, settings: Settings, ward: WardServices,
        clock: Callable[[], datetime] = utc_now, options: FhirOptions | None = None,
    ) -> None:  # fmt: skip
        self.told, self._ward, self._clock = told, ward, clock
        self._options = options or FhirOptions()
        self._tokens = Tokens(told, ward.store, lambda: clock().timestamp())
        self.base = (told.base_url or settings.public_url or _own(settings)).rstrip("/")
        self.answers: Counter[tuple[str, int]] = Counter()
        """How often each service has answered with which status."""
        self.took = Histogram()
        """How long they took."""

    @property
    def services(self) -> Mapping[str, Service]:
        """What is offered, by id."""
        return services_of(self._ward.ward, self._ward.codes.table)

    def make_ready(self) -> None:
        """Load what the first answer needs: it takes half a second."""
        make_ready()

    def address(self, path: str) -> str:
        """Give the exact address of one of our paths: tokens have to name it."""
        return f"{self.base}{path}"

    async def who(self, authorization: str, path: str) -> str:
        """Find who asks.

        Parameters
        ----------
        authorization : str
            Header, as it was sent.
        path : str
            What is asked.

        Returns
        -------
        str
            The issuer; ``this machine`` where nobody has to show anything.

        Raises
        ------
        NotKnown, FileRefused
            As of `Tokens.check`.
        """
        if self.told.open_on_this_machine:
            return "this machine"
        return await self._tokens.check(authorization, self.address(path))

    async def cards(self, service: Service, asked: Json) -> list[dict[str, Any]]:
        """Make cards.

        Parameters
        ----------
        service : Service
            Which is asked.
        asked : object
            The request, as JSON.

        Returns
        -------
        list of dict

        Raises
        ------
        CohortRefused
            ``cds_request`` where it is none; ``cds_prefetch`` where values are lacking, and
            nothing was given to fetch them with.
        """
        context = _context(service, asked)
        patient = str(context["patientId"])
        sent = await self._whole(service, asked, patient)
        return await asyncio.to_thread(self._made, service, context, sent)

    async def _whole(
        self, service: Service, asked: Mapping[str, Json], patient: str
    ) -> Mapping[str, Json]:
        prefetch = asked.get("prefetch")
        sent = dict(prefetch) if isinstance(prefetch, Mapping) else {}
        lacking = [one for one in service.needed if one.key not in sent]
        access = asked.get("fhirAuthorization")
        token = access.get("access_token") if isinstance(access, Mapping) else None
        server = may_ask(asked.get("fhirServer"), self.told.fhir_servers)
        if not (server and isinstance(token, str) and token and token.isprintable()):
            if lacking:
                raise _lacking(lacking)
            return sent
        failed = [one for one in service.needed if _is_outcome(sent.get(one.key))]
        return sent | await fetch(server, token, [*lacking, *failed], patient)

    def _made(
        self, service: Service, context: Mapping[str, Json], sent: Mapping[str, Json]
    ) -> list[dict[str, Any]]:
        now = self._clock()
        patient = str(context["patientId"])
        names = {one.key: one.name for one in service.needed}
        context_of = FhirContext(self._ward.codes.table, self._options)
        brought = read_brought(sent, names, patient, context_of, now)
        known = self._known(brought.identifiers)
        if known is None and self.told.only_known_patients:
            return []
        infusion = None if known is None else known.infusion
        policy, own = self._ward.ward.policy, tuple[str, ...]()
        if known is not None:
            wanted = service.target.reads - {"infusion"}
            log, ageless = self._log(known), service.target.ageless
            brought, own = brought.filled(log, wanted, policy, now, ageless)
        view = brought.view(policy, now, infusion)
        case = Case(
            service, view, patient, _ordered(context), (*_own_values(own), *_notes(brought)),
            tuple(self._links(known)),
        )  # fmt: skip
        return cards_of(case, self._ward.ward.alerts)

    def _log(self, known: Known) -> Mapping[str, Track]:
        episode = read_bedside(self._ward, known.patient).episode
        return {} if episode is None else episode.tracks

    def _known(self, identifiers: Identifiers) -> Known | None:
        if not identifiers:
            return None
        wanted = select(episodes.c.patient, episodes.c.summary)
        with self._ward.store.reading() as connection:
            owners = set(owners_of(connection, identifiers).values())
            found = {root_of(connection, one) for one in owners}
            if len(found) != 1:
                return None  # nobody's, or of two: neither is guessed
            row = connection.execute(wanted.where(episodes.c.patient == found.pop())).one()
        infusion = json.loads(row.summary).get("infusion")
        return Known(row.patient, moment_in(infusion) if infusion else None)

    def _links(self, known: Known | None) -> Iterator[dict[str, str]]:
        if known is not None:
            yield {
                "label": "The patient's page in cartwheel",
                "url": self.address(f"/ward/patient/{known.patient}"),
                "type": "absolute",
            }
        if self.told.smart_launch:
            yield {"label": "Open cartwheel", "url": self.told.smart_launch, "type": "smart"}

    def count(self, service: str, status: int, begun: float) -> None:
        """Count an answer, and how long it took.

        Parameters
        ----------
        service : str
            Of those that are offered; empty for any other.
        status : int
            Of HTTP.
        begun : float
            `time.perf_counter` at the beginning.
        """
        self.answers[service, status] += 1
        self.took.add(time.perf_counter() - begun)


def _context(service: Service, asked: Json) -> Mapping[str, Json]:
    if not isinstance(asked, Mapping) or asked.get("hook") != service.hook:
        raise _no_request("hook", f"this service is for the hook {service.hook}")
    if not is_uuid(asked.get("hookInstance")):
        raise _no_request("hookInstance", "a UUID is needed")
    context = asked.get("context")
    patient = context.get("patientId") if isinstance(context, Mapping) else None
    if not isinstance(context, Mapping) or not isinstance(patient, str):
        raise _no_request("context.patientId", "the id of a patient is needed")
    if not _ID.fullmatch(patient):
        raise _no_request("context.patientId", "this is not the id of a resource")
    return context


def _ordered(context: Mapping[str, Json]) -> frozenset[str]:
    """Find which LOINC codes are in the orders that are being made."""
    drafts = context.get("draftOrders")
    entries = drafts.get("entry") if isinstance(drafts, Mapping) else None
    found: set[str] = set()
    for entry in entries if isinstance(entries, list) else ():
        resource = entry.get("resource") if isinstance(entry, Mapping) else None
        concept = resource.get("code") if isinstance(resource, Mapping) else None
        codings = concept.get("coding") if isinstance(concept, Mapping) else None
        for one in codings if isinstance(codings, list) else ():
            if isinstance(one, Mapping) and one.get("system") == LOINC_SYSTEM:
                found.add(str(one.get("code")))
    return frozenset(found)


def _is_outcome(sent: Json) -> bool:
    return isinstance(sent, Mapping) and sent.get("resourceType") == "OperationOutcome"


def _own_values(names: Sequence[str]) -> tuple[str, ...]:
    if not names:
        return ()
    labels = [variables()[name].label if name in variables() else name for name in names]
    why = "since the record system sent none, or an older one"
    return (f"From the ward's own log, {why}: {', '.join(labels)}",)


def _notes(brought: Brought) -> tuple[str, ...]:
    found = [
        f"{variables()[name].label if name in variables() else name}: the record system could not "
        "be read"
        for name in brought.unread
    ]
    found += [f"Not used: {one}" for one in brought.set_aside]
    more = len(found) - _MOST_NOTES
    return tuple([*found[:_MOST_NOTES], *([f"and {more} more"] if more > 0 else [])])


def _own(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{'https' if settings.certificate else 'http'}://{host}:{settings.port}"


def _no_request(where: str, what: str) -> Exception:
    return refuse(CohortRefused, "cds_request", what, where=where, mend="see docs/cds-hooks.md")


def _lacking(several: list[Needed]) -> Exception:
    return CohortRefused(
        [
            Problem("cds_prefetch", "it was not sent, and nothing was given to fetch it with",
                    f"prefetch.{one.key}", one.query)
            for one in several
        ]
    )  # fmt: skip
