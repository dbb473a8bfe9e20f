"""Uploads: streamed to a private file, limited, whole or refused, and then kept in the store.

Nothing of an upload is read here but its bytes. What it is, a worker process finds out.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from errno import EDQUOT, EFBIG, ENOSPC
from pathlib import PurePath
from typing import IO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from cartwheel.errors import FileRefused, Refused, refuse
from cartwheel.serve.access.audit import record
from cartwheel.serve.access.person import person
from cartwheel.serve.services import services
from cartwheel.store.kept_files import PIECE, KeptFile, keep_file, plain_name

MIB = 1 << 20
FIELD = "file"
# what stands beside the file in a form
_MOST_FIELDS, _LONGEST_FIELD = 20, 16_384
# what goes around the file in a form
_AROUND = 1 * MIB
# of an upload that is refused
_MOST_DRAINED = 4096 * MIB
# what browsers and programs call a table or a score
_RAW = (
    "application/octet-stream",
    "text/csv",
    "text/plain",
    "text/tab-separated-values",
    "application/toml",
    "application/vnd.",
    "application/x-sas",
    "application/x-spss",
    "application/x-stata",
)
_TYPES = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".txt": "text/plain",
    ".toml": "application/toml",
    ".json": "application/json",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".parquet": "application/vnd.apache.parquet",
}


@dataclass(frozen=True, slots=True)
class Received:
    """An upload with the fields of its form.

    Parameters
    ----------
    file : KeptFile
        Kept in the store.
    fields : dict of str to str
        What stood beside it.
    """

    file: KeptFile
    fields: dict[str, str]


async def receive(request: Request, *, alone: bool = False) -> KeptFile:
    """Take an upload, and keep it for the person who sent it.

    Parameters
    ----------
    request : Request
        A form with the file in its field ``file``; or the bytes of the file as the body, with its
        name in the query: ``?name=cohort.csv``.
    alone : bool
        Whether the upload is all that the request does. It is in the audit either way.

    Returns
    -------
    KeptFile

    Raises
    ------
    FileRefused
        ``upload_too_large``, ``upload_truncated``, ``upload_broken``, ``media_type``, ``no_file``,
        ``one_file``, ``disk_full``, ``store_unavailable``. Then nothing is kept.
    """
    return (await receive_form(request, alone=alone)).file


async def receive_form(request: Request, *, alone: bool = False) -> Received:
    """Take an upload with the fields beside it.

    Parameters
    ----------
    request, alone
        As of `receive`.

    Returns
    -------
    Received

    Raises
    ------
    FileRefused
        As of `receive`.
    """
    who, known = person(request), services(request)
    most = known.settings.largest_upload
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    is_form = kind == b"multipart/form-data"
    if not is_form and not kind.decode("latin-1").startswith(_RAW):
        raise refuse(
            FileRefused,
            "media_type",
            "an upload is a form (multipart/form-data) or the bytes of a file",
            where="Content-Type",
            mend="send it as multipart/form-data with the file in the field 'file'",
        )
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > most + (_AROUND if is_form else 0):
        await _drain(request.stream())
        raise too_large(most)
    try:
        with tempfile.TemporaryFile(dir=known.queue.work.path) as stream:
            part = _Form(stream, most) if is_form else _Raw(stream, most, request)
            if isinstance(part, _Form):
                part.begin(options.get(b"boundary", b""))
            await _taken(request, part, length)
            part.check()
            stream.seek(0)
            name = plain_name(part.name)
            kept = await asyncio.to_thread(
                keep_file,
                known.store,
                _pieces(stream),
                owner=who.name,
                name=name,
                media_type=_TYPES.get(PurePath(name).suffix.lower(), "application/octet-stream"),
            )
            record(known, who, "file uploaded", kept.id, kept.sha256, alone=alone)
            return Received(kept, part.fields)
    except OSError as error:
        full = error.errno in (ENOSPC, EDQUOT, EFBIG)
        raise refuse(
            FileRefused,
            "disk_full" if full else "not_written",
            f"the upload could not be written ({error.strerror or type(error).__name__}); nothing "
            "was kept",
            where=FIELD,
            mend="free space on the disk of the server",
        ) from None


def too_large(most: int) -> Refused:
    """Refuse an upload for its size.

    Parameters
    ----------
    most : int
        Bytes that are taken.

    Returns
    -------
    Refused
        ``upload_too_large``.
    """
    return refuse(
        FileRefused,
        "upload_too_large",
        f"this file is larger than the {most / MIB:g} MB that this server takes",
        where=FIELD,
        mend="upload only the rows and columns that are needed, or start the server with a larger "
        "--largest-upload",
    )


async def _taken(request: Request, part: _Form | _Raw, length: str) -> None:
    taken = 0
    stream = request.stream()
    try:
        async for piece in stream:
            taken += len(piece)
            if taken > part.most + _AROUND:
                # parts without end, each of them small
                raise too_large(part.most)
            part.take(piece)
    except Refused:
        await _drain(stream)
        raise
    except ClientDisconnect:
        raise _truncated() from None
    except FormParserError:
        raise _broken() from None
    if length.isdecimal() and taken < int(length):
        raise _truncated()


async def _drain(stream: AsyncIterator[bytes]) -> None:
    """Read what is still coming: a browser hears no answer before it has sent all."""
    taken = 0
    with suppress(ClientDisconnect):
        async for piece in stream:
            taken += len(piece)
            if taken > _MOST_DRAINED:
                return


def _broken() -> Refused:
    return refuse(
        FileRefused,
        "upload_broken",
        "this is not a form as browsers send it",
        where=FIELD,
        mend="send it again",
    )


def _truncated() -> Refused:
    return refuse(
        FileRefused,
        "upload_truncated",
        "the upload ended before the file did; nothing was kept",
        where=FIELD,
        mend="upload it again",
    )


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    while piece := stream.read(PIECE):
        yield piece


class _Raw:
    """The body is the file."""

    def __init__(self, stream: IO[bytes], most: int, request: Request) -> None:
        self.stream, self.most, self.size = stream, most, 0
        self.name = request.query_params.get("name", "file")
        self.fields: dict[str, str] = {}

    def take(self, piece: bytes) -> None:
        self.size += len(piece)
        if self.size > self.most:
            raise too_large(self.most)
        self.stream.write(piece)

    def check(self) -> None:
        if self.size == 0:
            raise _nothing()


@dataclass(slots=True)
class _Part:
    """One part of a form, as far as it has come."""

    header: bytes = b""
    value: bytes = b""
    disposition: bytes = b""
    name: str = ""
    file_name: str | None = None
    text: bytearray = field(default_factory=bytearray)


class _Form:
    """A form with one file and a few fields; the file goes to the stream as it comes."""

    def __init__(self, stream: IO[bytes], most: int) -> None:
        self.stream, self.most, self.size = stream, most, 0
        self.name = ""
        self.fields: dict[str, str] = {}
        self.files = self.parts = 0
        self.whole = False
        self._part = _Part()
        self._parser: MultipartParser | None = None

    def begin(self, boundary: bytes) -> None:
        if not boundary:
            raise _broken()
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begun,
                "on_part_data": self._data,
                "on_part_end": self._ended,
                "on_header_field": self._header,
                "on_header_value": self._value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers,
                "on_end": self._end,
            },
        )

    def take(self, piece: bytes) -> None:
        assert self._parser is not None
        self._parser.write(piece)

    def check(self) -> None:
        if not self.whole:
            raise _truncated()
        if self.files == 0 or (self.size == 0 and not self.name):
            raise _nothing()

    def _begun(self) -> None:
        self._part = _Part()

    def _header(self, data: bytes, start: int, end: int) -> None:
        self._part.header += data[start:end]

    def _value(self, data: bytes, start: int, end: int) -> None:
        self._part.value += data[start:end]

    def _header_end(self) -> None:
        if self._part.header.lower() == b"content-disposition":
            self._part.disposition = self._part.value
        self._part.header = self._part.value = b""

    def _headers(self) -> None:
        _, options = parse_options_header(self._part.disposition)
        self._part.name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" in options:
            self._part.file_name = options[b"filename"].decode("utf-8", "replace")
            self.files += 1
            if self.files > 1 or self._part.name != FIELD:
                raise refuse(
                    FileRefused,
                    "one_file",
                    "one file is taken at a time, in the field 'file'",
                    where=self._part.name[:60] or FIELD,
                    mend="upload one after the other",
                )
            self.name = self._part.file_name

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._part.file_name is not None:
            self.size += end - start
            if self.size > self.most:
                raise too_large(self.most)
            self.stream.write(data[start:end])
            return
        self._part.text += data[start:end]
        if len(self._part.text) > _LONGEST_FIELD:
            raise self._too_much()

    def _too_much(self) -> Refused:
        return refuse(
            FileRefused,
            "upload_broken",
            "there is too much beside the file",
            where=self._part.name[:60],
            mend="send the file alone",
        )

    def _ended(self) -> None:
        if self._part.file_name is None:
            self.parts += 1
            if self.parts > _MOST_FIELDS:
                raise self._too_much()
        if self._part.file_name is None and self._part.name:
            self.fields[self._part.name] = self._part.text.decode("utf-8", "replace")

    def _end(self) -> None:
        self.whole = True


def _nothing() -> Refused:
    return refuse(
        FileRefused,
        "no_file",
        "no file was chosen",
        where=FIELD,
        mend="choose a file: CSV, Excel, SPSS, Stata, SAS or Parquet",
    )
