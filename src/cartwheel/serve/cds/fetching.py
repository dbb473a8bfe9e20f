"""Values that were not sent, fetched from the FHIR server that asks, if it is one of ours.

Only servers in the settings are asked, only by our own searches, and nothing leads elsewhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from httpx2 import AsyncClient, HTTPError, Limits

from cartwheel.errors import Refused
from cartwheel.serve.cds.offered import Needed
from cartwheel.serve.fhir.json_text import Json, read_json

# seconds for all together; bytes of one answer
PATIENCE, LARGEST = 5.0, 4 << 20
_AT_ONCE = 8
_PATIENT = "{{context.patientId}}"
_FAILED: Mapping[str, Any] = {"resourceType": "OperationOutcome"}


def may_ask(server: object, known: Sequence[str]) -> str:
    """Find a server among those that may be asked.

    Parameters
    ----------
    server : object
        ``fhirServer`` of a request.
    known : sequence of str
        Of the settings.

    Returns
    -------
    str
        As the settings have it; empty where it is none of them.
    """
    named = server.rstrip("/") if isinstance(server, str) else ""
    return next((one for one in known if one == named), "")


async def fetch(server: str, token: str, needed: Sequence[Needed], patient: str) -> dict[str, Json]:
    """Search for what was not sent.

    Parameters
    ----------
    server : str
        From `may_ask`.
    token : str
        That came with the request; it goes to this server alone.
    needed : sequence of Needed
        The searches.
    patient : str
        Id of the patient, checked.

    Returns
    -------
    dict of str to object
        By key; an OperationOutcome where a search failed.
    """
    headers = {"Accept": "application/fhir+json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    async with AsyncClient(
        timeout=PATIENCE, trust_env=False, follow_redirects=False, headers=headers,
        limits=Limits(max_connections=_AT_ONCE),
    ) as client:  # fmt: skip
        tasks = [asyncio.create_task(_one(client, server, each, patient)) for each in needed]
        if tasks:
            await asyncio.wait(tasks, timeout=PATIENCE)
        found: dict[str, Json] = {}
        for each, task in zip(needed, tasks, strict=True):
            if not task.done():
                task.cancel()
            found[each.key] = task.result() if task.done() else _FAILED
        await asyncio.gather(*tasks, return_exceptions=True)
    return found


async def _one(client: AsyncClient, server: str, needed: Needed, patient: str) -> Json:
    path = needed.query.replace(_PATIENT, quote(patient, safe=""))
    try:
        async with client.stream("GET", f"{server}/{path}") as answer:
            content = bytearray()
            async for part in answer.aiter_bytes():
                content += part
                if len(content) > LARGEST:
                    return _FAILED
            if answer.status_code == 404 and not needed.name:
                return None
            return read_json(bytes(content)) if answer.status_code == 200 else _FAILED
    except (HTTPError, Refused, ValueError):
        return _FAILED
