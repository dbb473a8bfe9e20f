"""Names of resources: the id of what is created, and the key of a version in the log."""

from __future__ import annotations

import hashlib
from typing import Any

from cartwheel.serve.fhir.checking import type_of
from cartwheel.serve.fhir.json_text import Resource, write_json

_LONGEST_SENDER = 100


def with_id(resource: Resource) -> Resource:
    """Give a resource its id.

    Parameters
    ----------
    resource : mapping
        As it came.

    Returns
    -------
    mapping
        A resource that is created has the id that follows from its first identifier, else from
        its content: created twice, it is the same one.
    """
    return resource if resource.get("id") else {**resource, "id": id_for(resource)}


def id_for(resource: Resource) -> str:
    """Name a resource that is created.

    Parameters
    ----------
    resource : mapping
        Checked.

    Returns
    -------
    str
        32 hexadecimal digits.
    """
    pair = next(
        ((one["system"], one["value"]) for one in _identifiers(resource)
         if one.get("system") and one.get("value")),
        None,
    )  # fmt: skip
    named = "|".join(pair) if pair else write_json({**resource, "id": ""})
    whole = f"{type_of(resource)}|{named}"
    return hashlib.sha256(whole.encode("utf-8")).hexdigest()[:32]


def _identifiers(resource: Resource) -> list[Any]:
    found = resource.get("identifier", [])
    return found if isinstance(found, list) else [found]


def key_of(sender: str, kind: str, identity: str, version: int) -> str:
    """Name a version of a resource in the log.

    Parameters
    ----------
    sender : str
        Name of the account.
    kind, identity : str
        Type and id.
    version : int
        From 1.

    Returns
    -------
    str
    """
    return f"{_sender(sender)}|{kind}/{identity}|{version}"


def bundle_key(sender: str, sha256: str) -> str:
    """Name a transaction in the log: the same bytes again are a repeat.

    Parameters
    ----------
    sender : str
        Name of the account.
    sha256 : str
        Of its content.

    Returns
    -------
    str
    """
    return f"{_sender(sender)}|Bundle|{sha256}"


def _sender(sender: str) -> str:
    if len(sender) <= _LONGEST_SENDER and "|" not in sender:
        return sender
    return hashlib.sha256(sender.encode("utf-8")).hexdigest()[:32]


def sender_of(key: str) -> str:
    """Tell who sent a message of the log.

    Parameters
    ----------
    key : str
        Of the message.

    Returns
    -------
    str
        Name of the account; long ones by their hash.
    """
    return key.partition("|")[0]
