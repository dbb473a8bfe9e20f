"""Static files of the pages: one style sheet, scripts, nothing from another host."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from fastapi import APIRouter, Request, Response

from cartwheel.canonical import sha256
from cartwheel.errors import FileRefused, refuse

router = APIRouter()
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}
SHEET = "style.css"


def static_file(name: str) -> tuple[bytes, str] | None:
    """Find a static file.

    Parameters
    ----------
    name : str
        ``style.css`` is every part of ``static/style/`` in the order of their names.

    Returns
    -------
    (bytes, str) or None
        Content and its hash; None where there is none of this name.
    """
    # names come from anybody: only those of files are remembered
    return _content(name) if name in _names() else None


@cache
def _names() -> frozenset[str]:
    folder = files("cartwheel.serve") / "static"
    return frozenset({SHEET, *(item.name for item in folder.iterdir() if item.is_file())})


@cache
def _content(name: str) -> tuple[bytes, str]:
    folder = files("cartwheel.serve") / "static"
    if name == SHEET:
        parts = sorted((folder / "style").iterdir(), key=lambda part: part.name)
        content = b"\n".join(part.read_bytes() for part in parts if part.name.endswith(".css"))
    else:
        content = (folder / name).read_bytes()
    return content, sha256(content)


def static_url(name: str) -> str:
    """Give the address of a static file, with its hash: a new version is fetched, an old one kept.

    Parameters
    ----------
    name : str
        Of the file.

    Returns
    -------
    str
    """
    found = static_file(name)
    return f"/static/{name}" + (f"?v={found[1].removeprefix('sha256:')[:12]}" if found else "")


@router.get("/static/{name}")
async def static(request: Request, name: str) -> Response:
    """Give a static file."""
    found = static_file(name)
    ending = f".{name.rpartition('.')[2]}"
    if found is None or ending not in _TYPES:
        raise refuse(FileRefused, "no_such_file", "there is no such file", where=name[:100])
    content, digest = found
    tag = f'"{digest[:32]}"'
    kept = "public, max-age=31536000, immutable" if request.url.query else "no-cache"
    headers = {"ETag": tag, "Cache-Control": kept}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=_TYPES[ending], headers=headers)
