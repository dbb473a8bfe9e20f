"""A zip package without dates: the same parts give the same bytes."""

from __future__ import annotations

import io
import zipfile

_BEFORE_ALL = (1980, 1, 1, 0, 0, 0)


def undated(package: bytes) -> bytes:
    """Write a zip package again with one fixed date for all of its parts.

    Parameters
    ----------
    package : bytes
        Such as a DOCX file.

    Returns
    -------
    bytes
        The same parts in the same order.
    """
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(package)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.infolist():
            entry = zipfile.ZipInfo(part.filename, _BEFORE_ALL)
            # a picture is compressed already
            whole = part.filename.endswith(".png")
            entry.compress_type = zipfile.ZIP_STORED if whole else zipfile.ZIP_DEFLATED
            # what the entry says of the machine that wrote it
            entry.create_system = 0
            entry.external_attr = 0
            new.writestr(entry, old.read(part.filename))
    return stream.getvalue()
