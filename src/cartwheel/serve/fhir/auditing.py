"""What the audit is told of calls under ``/fhir``: who, what, which message, which bytes.

The ids of the sender's resources are not in it: they may be numbers of patients.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from cartwheel.serve.fhir.intake import Taken
from cartwheel.store.ward_messages import content_sha256


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, and what the audit is told of it.

    Parameters
    ----------
    response : Response
        That is sent.
    what : str
        The deed in few words; empty where nothing was done and nothing was seen.
    about : str
        Type and number of the message; the ward's own id of a patient; a count.
    sha256 : str
        Of the bytes that came, or were given back.
    """

    response: Response
    what: str = ""
    about: str = ""
    sha256: str = ""


def kept(response: Response, taken: Taken, kind: str, content: bytes) -> Answered:
    """Say what became of a resource that was sent.

    Parameters
    ----------
    response : Response
        That is sent.
    taken : Taken
        From the intake.
    kind : str
        Type of the resource.
    content : bytes
        As it came.

    Returns
    -------
    Answered
    """
    repeat = taken.receipt.outcome == "repeat"
    how = "sent again" if repeat else "kept as an older version" if taken.old else "kept"
    message = "" if taken.receipt.message is None else f" message {taken.receipt.message}"
    return Answered(response, f"fhir resource {how}", f"{kind}{message}", content_sha256(content))


def kept_together(response: Response, kind: str, many: int, content: bytes) -> Answered:
    """Say what became of a bundle.

    Parameters
    ----------
    response : Response
        That is sent.
    kind : str
        Of the bundle.
    many : int
        Entries.
    content : bytes
        As it came.

    Returns
    -------
    Answered
        The messages of a bundle are found by its hash where it is a transaction.
    """
    return Answered(response, "fhir bundle taken", f"{kind} of {many}", content_sha256(content))


def given(response: Response, about: str) -> Answered:
    """Say what was read.

    Parameters
    ----------
    response : Response
        That is sent; what is in it was seen.
    about : str
        Of what: a message, or the ward's own id of a patient.

    Returns
    -------
    Answered
    """
    return Answered(response, "fhir data given", about, content_sha256(bytes(response.body)))
