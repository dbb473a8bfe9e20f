"""A sheet as the pages of plans take it: uploaded now or before, checked, with its columns."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from starlette.responses import Response

from cartwheel.serve.access.person import Person
from cartwheel.serve.cohort.asking import ask_check, soon
from cartwheel.serve.cohort.fields import read_fields
from cartwheel.serve.cohort.form_plan import TIME_UNITS
from cartwheel.serve.cohort.sheet import CheckedSheet
from cartwheel.serve.pages.jobs import job_words, owner_of
from cartwheel.serve.rendering import page
from cartwheel.serve.services import services
from cartwheel.serve.uploads import receive
from cartwheel.store.kept_files import file_of, files_of
from cartwheel.store.kept_jobs import Job

SHEETS = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".sav", ".zsav",
          ".dta", ".sas7bdat", ".xpt", ".parquet")  # fmt: skip
_MOST_SHEETS = 10
# beside a select; beyond it a list to type into
_MOST_OPTIONS = 300


def start_page(request: Request, who: Person, room: str) -> Response:
    """Ask for a sheet, or for one of those that are here.

    Parameters
    ----------
    request : Request
        Of the page.
    who : Person
        Whose sheets are offered.
    room : str
        ``cohort`` or ``validate``: of the templates, and of the address.

    Returns
    -------
    Response
    """
    found = files_of(services(request).store, owner_of(who))
    sheets = [kept for kept in found if kept.name.lower().endswith(SHEETS)][:_MOST_SHEETS]
    return page(request, f"{room}/start.html", way=f"/{room}", sheets=sheets, accepted=SHEETS)


async def taken_sheet(request: Request, who: Person) -> Job:
    """Take a sheet that is uploaded, or one that was, and check it.

    Parameters
    ----------
    request : Request
        A form with the file, or with the id of one that is kept in its field ``kept``.
    who : Person
        Who asks.

    Returns
    -------
    Job
        The check; a short one is over.
    """
    known = services(request)
    if request.headers.get("content-type", "").startswith("multipart/"):
        kept = await receive(request)
    else:
        kept = file_of(known.store, (await read_fields(request)).one("kept"), owner_of(who))
    return await soon(known, ask_check(known, kept))


def not_checked(request: Request, job: Job, way: str) -> Response:
    """Show a check that goes on, or that was refused, for a page that waits for it.

    Parameters
    ----------
    request : Request
        Of the page.
    job : Job
        The check.
    way : str
        ``/cohort`` or ``/validate``: where it goes on.

    Returns
    -------
    Response
    """
    listed = next((p.what for p in job.problems if p.code == "which_sheet"), "")
    sheets = listed.partition(": ")[2].split(", ") if listed else []
    return page(
        request,
        "cohort/not_checked.html",
        **job_words(request, job),
        sheets=sheets,
        way=way,
        accepted=SHEETS,
    )


def column_options(sheet: CheckedSheet) -> dict[str, Any]:
    """List columns for choices: of 0 and 1, of times, and all others.

    Parameters
    ----------
    sheet : CheckedSheet
        As checked.

    Returns
    -------
    dict
        ``yes_no``, ``times``, ``others`` (names), and ``long``: whether they are too many for a
        list to choose from.
    """
    columns = [column for column in sheet.columns if column.kind not in ("empty", "id")]
    yes_no = [column.name for column in columns if column.is_yes_no]
    times = [
        column.name
        for column in columns
        if column.variable is None
        and (column.unit in TIME_UNITS or "onset" in column.name.lower())
        and not column.is_yes_no
    ]
    told = {*yes_no, *times}
    return {
        "yes_no": yes_no,
        "times": times,
        "others": [column.name for column in columns if column.name not in told],
        "long": len(sheet.columns) > _MOST_OPTIONS,
    }
