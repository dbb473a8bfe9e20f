"""The fields of a form as they were sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from starlette.requests import Request

from cartwheel.errors import FileRefused, refuse

MOST = 4 << 20
_KIND = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of a form as they were sent.

    Parameters
    ----------
    sent : mapping of str to list of str
        By name; empty ones too.
    """

    sent: Mapping[str, list[str]] = field(default_factory=dict)

    def one(self, name: str) -> str:
        """Give a field without the white space around it; empty where it was not sent.

        Parameters
        ----------
        name : str
            Of the field.

        Returns
        -------
        str
        """
        return self.sent.get(name, [""])[-1].strip()

    def text(self, name: str) -> str:
        """Give a text of several lines as it was written, with plain line ends.

        Parameters
        ----------
        name : str
            Of the field.

        Returns
        -------
        str
        """
        return self.sent.get(name, [""])[-1].replace("\r\n", "\n")

    def each(self, name: str) -> tuple[str, ...]:
        """Give every value of a field that may be sent more than once.

        Parameters
        ----------
        name : str
            Of the field.

        Returns
        -------
        tuple of str
        """
        return tuple(self.sent.get(name, ()))

    def has(self, name: str) -> bool:
        """Tell whether it was sent.

        Parameters
        ----------
        name : str
            Of the field.

        Returns
        -------
        bool
        """
        return name in self.sent


async def read_fields(request: Request) -> Fields:
    """Read a form; however many columns a sheet has, all of its fields are taken.

    Parameters
    ----------
    request : Request
        URL-encoded.

    Returns
    -------
    Fields

    Raises
    ------
    FileRefused
        ``media_type``, ``upload_too_large``.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _KIND:
        raise refuse(
            FileRefused,
            "media_type",
            "this is not a form as the pages send it",
            where="Content-Type",
            mend="load the page again, and send it from there",
        )
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MOST:
            raise refuse(
                FileRefused,
                "upload_too_large",
                f"this form is longer than {MOST >> 20} MB",
                where="the form",
                mend="use the command line for a plan of this size",
            )
    text = body.decode("utf-8", "replace")
    return Fields(parse_qs(text, keep_blank_values=True))
