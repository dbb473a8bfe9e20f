"""Whether a server lives, and whether it can do its work: for whoever restarts it."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from fastapi import APIRouter, Request, Response
from sqlalchemy import text
from starlette.responses import JSONResponse

from cartwheel.errors import Refused
from cartwheel.serve.services import Services, services

# seconds; bytes that have to be free
PATIENCE, LEAST_FREE = 2.0, 256 << 20

router = APIRouter()


@router.get("/health/live")
def live() -> Response:
    """Say that the server answers; nothing else is asked."""
    return JSONResponse({"status": "live"}, headers={"Cache-Control": "no-store"})


@router.get("/health/ready")
async def ready(request: Request) -> Response:
    """Say whether messages would be kept: 503 with what is wrong where they would not."""
    known = services(request)
    checks = {
        "database": "ok" if await database_answers(request, known) else "away",
        "disk": "ok" if has_room(known.settings.folder) else "full",
    }
    if known.ward is not None:
        ingest = known.ward.ingest
        checks["writer"] = "ok" if ingest.alive else "stopped"
        checks["queue"] = "full" if ingest.full else "ok"
        if ingest.keeper.other_file:
            checks["ward_file"] = "another server follows another one"
    is_ready = set(checks.values()) == {"ok"}
    told = {"status": "ready" if is_ready else "not ready", "checks": checks}
    return JSONResponse(told, 200 if is_ready else 503, headers={"Cache-Control": "no-store"})


async def database_answers(request: Request, known: Services) -> bool:
    """Ask the database something; no second question while one is not answered.

    Parameters
    ----------
    request : Request
        Any.
    known : Services
        With the store.

    Returns
    -------
    bool
        False where it takes longer than two seconds.
    """
    state = request.app.state
    asked: asyncio.Task[bool] | None = getattr(state, "health_asked", None)
    if asked is None or asked.done():
        asked = state.health_asked = asyncio.create_task(asyncio.to_thread(_asked, known))
    done, _ = await asyncio.wait({asked}, timeout=PATIENCE)
    return bool(done) and asked.result()


def _asked(known: Services) -> bool:
    try:
        with known.store.reading() as connection:
            return bool(connection.execute(text("SELECT 1")).scalar_one() == 1)
    except Refused:
        return False


def has_room(folder: Path) -> bool:
    """Tell whether the disk of a folder has room.

    Parameters
    ----------
    folder : Path
        It need not be there.

    Returns
    -------
    bool
        True where nobody can say.
    """
    there = next((one for one in (folder, *folder.absolute().parents) if one.exists()), None)
    if there is None:
        return True
    try:
        return shutil.disk_usage(there).free >= LEAST_FREE
    except OSError:
        return True
