"""What could not be used, the centre's table of codes, and values sent as a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse, Response

from cartwheel.errors import FileRefused, Problem, Refused, refuse
from cartwheel.serve.access.audit import record
from cartwheel.serve.access.person import Person, may
from cartwheel.serve.pages.ward import now_utc, ward_of_request, ward_words
from cartwheel.serve.problems import status_of
from cartwheel.serve.rendering import page
from cartwheel.serve.services import services
from cartwheel.serve.ward.again import SentAgain, send_again
from cartwheel.serve.ward.csv_in import COLUMNS, MOST_BYTES, csv_message
from cartwheel.serve.ward.opened import WardServices
from cartwheel.serve.ward.saying import label_of
from cartwheel.store.ward_codes import codes_editions
from cartwheel.store.ward_json import moment_of
from cartwheel.store.ward_parked import count_parked
from cartwheel.watch.code_file import checked_rows, code_csv, read_code_csv
from cartwheel.watch.codes import CodeRow, CodeTable
from cartwheel.watch.intake import Receipt

router = APIRouter()
Reader = Annotated[Person, Depends(may("read"))]
Typist = Annotated[Person, Depends(may("score"))]
Editor = Annotated[Person, Depends(may("administer"))]
CSV = "text/csv; charset=utf-8"
_FIELDS = ("interface", "system", "code", "name", "unit", "read_unit", "note")
# what nothing in the table of codes can mend
_NOT_BY_CODES = frozenset(
    {"time_ahead", "identifiers_disagree", "patient_missing", "patient_unknown", "not_merged"}
)


@router.get("/ward/parked")
def parked_page(request: Request, who: Reader, kept: str = "") -> Response:
    """Show what waits by reason, and the table of codes."""
    asked = {name: request.query_params.get(name, "")[:255] for name in _FIELDS}
    return _page(request, who, typed=asked, kept=kept)


def _page(
    request: Request, who: Person, *, typed: Mapping[str, str] | None = None, kept: str = "",
    problems: Sequence[Problem] = (), sent: SentAgain | None = None,
) -> Response:  # fmt: skip
    opened = ward_of_request(request)
    with opened.store.reading() as connection:
        waits = count_parked(connection)
    names = sorted(opened.ward.names, key=lambda name: label_of(name).casefold())
    return page(
        request, "ward/parked.html", status=422 if problems else 200,
        **ward_words(opened, who), waits=waits, table=opened.codes.table,
        editions=codes_editions(opened.store, 20), names=[(one, label_of(one)) for one in names],
        typed=typed or {}, kept=kept, problems=problems, sent=sent, moment_of=moment_of,
        not_by_codes=_NOT_BY_CODES,
    )  # fmt: skip


@router.get("/ward/codes.csv")
def codes_file(request: Request, who: Reader) -> Response:
    """Give the table of codes as a file, to be edited and sent back."""
    opened = ward_of_request(request)
    record(services(request), who, "ward codes downloaded")
    return Response(
        code_csv(opened.codes.table), media_type=CSV,
        headers={"Content-Disposition": 'attachment; filename="ward-codes.csv"',
                 "Cache-Control": "no-store"},
    )  # fmt: skip


@router.post("/ward/codes/file")
async def take_codes(request: Request, who: Editor) -> Response:
    """Take a whole table in the place of the present one."""
    content = await _file(request)
    try:
        table = read_code_csv(_text(content))
    except Refused as refused:
        return await run_in_threadpool(_page, request, who, problems=refused.problems)
    return await run_in_threadpool(_kept, request, who, table)


@router.post("/ward/codes/line")
async def take_line(request: Request, who: Editor) -> Response:
    """Add a line to the table, or change the one for the same code."""
    form = await _form(request)
    opened = ward_of_request(request)
    entry: dict[str, Any] = {name: form.get(name, "").strip() for name in _FIELDS}
    entry["day_is_enough"] = "yes" if form.get("day_is_enough") else "no"
    try:
        entry["values"] = _pairs(form.get("values", ""))
        (row,) = checked_rows([("the line", entry)])
    except Refused as refused:
        return await run_in_threadpool(_page, request, who, typed=form, problems=refused.problems)
    others = [one for one in opened.codes.table.rows if _place(one) != _place(row)]
    return await run_in_threadpool(_kept, request, who, CodeTable((*others, row)))


@router.post("/ward/codes/remove")
async def remove_line(request: Request, who: Editor) -> Response:
    """Take a line out of the table."""
    form = await _form(request)
    wanted = tuple(form.get(name, "") for name in ("interface", "system", "code", "unit"))
    rows = [one for one in ward_of_request(request).codes.table.rows if _place(one) != wanted]
    return await run_in_threadpool(_kept, request, who, CodeTable(rows))


def _place(row: CodeRow) -> tuple[str, ...]:
    return row.interface, row.system, row.code, row.unit


def _pairs(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in text.replace("\n", ";").split(";"):
        if not part.strip():
            continue
        said, sign, meant = part.rpartition("=")
        if not sign:
            raise refuse(FileRefused, "cell_form", "answers are not pairs", where="values",
                         mend="write POS=positive; NEG=negative")  # fmt: skip
        found[said.strip()] = meant.strip()
    return found


def _kept(request: Request, who: Person, table: CodeTable) -> Response:
    edition = ward_of_request(request).codes.keep(table, who.name)
    record(services(request), who, "ward codes changed", f"edition {edition.number}")
    return RedirectResponse("/ward/parked?kept=codes#codes", 303)


@router.post("/ward/parked/again")
async def send_parked(request: Request, who: Editor) -> Response:
    """Read again what was parked, with the codes of now."""
    form = await _form(request)
    opened = ward_of_request(request)
    chosen = {name: form.get(name, "") for name in ("interface", "reason", "code")}
    sent = await run_in_threadpool(lambda: send_again(opened, **chosen))
    record(services(request), who, "ward parked sent again", f"{sent.messages} messages")
    return await run_in_threadpool(_page, request, who, sent=sent)


@router.get("/ward/upload")
def upload_page(request: Request, who: Reader) -> Response:
    """Show what a file of values looks like."""
    return _upload(request, who)


def _upload(
    request: Request, who: Person, problems: Sequence[Problem] = (), receipt: Receipt | None = None
) -> Response:
    opened = ward_of_request(request)
    return page(
        request, "ward/upload.html", status=422 if problems else 200,
        **ward_words(opened, who), problems=problems, receipt=receipt, csv_columns=COLUMNS,
    )  # fmt: skip


@router.post("/ward/upload")
async def take_values(request: Request, who: Typist) -> Response:
    """Keep a file of values: all of it, or nothing."""
    opened = ward_of_request(request)
    content = await _file(request)
    try:
        receipt = await kept_csv(opened, content)
    except Refused as refused:
        if status_of(refused) != 422:
            raise
        return await run_in_threadpool(_upload, request, who, refused.problems)
    record(services(request), who, "ward values sent as a file", f"message {receipt.message}")
    return await run_in_threadpool(_upload, request, who, (), receipt)


async def kept_csv(opened: WardServices, content: bytes) -> Receipt:
    """Keep a file of values.

    Parameters
    ----------
    opened : WardServices
        Running.
    content : bytes
        CSV.

    Returns
    -------
    Receipt

    Raises
    ------
    Refused
        Everything that is wrong with it; nothing was kept.
    """
    message = await run_in_threadpool(csv_message, content, opened, now_utc())
    receipt = await opened.ingest.accept_soon(message)
    if receipt.problem is not None:
        raise Refused((receipt.problem,))
    return receipt


async def _file(request: Request) -> bytes:
    form = await request.form(max_files=1, max_fields=10)
    sent = form.get("file")
    if not isinstance(sent, UploadFile):
        raise refuse(FileRefused, "no_file", "no file was sent", where="file", mend="choose one")
    content = await sent.read(MOST_BYTES + 1)
    await form.close()
    if len(content) > MOST_BYTES:
        raise refuse(FileRefused, "upload_too_large", "the file is larger than 4 MB", where="file",
                     mend="send it in parts")  # fmt: skip
    return content


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise refuse(FileRefused, "csv_text", "this is not text in UTF-8", where="file",
                     mend="save it as CSV in UTF-8") from None  # fmt: skip


async def _form(request: Request) -> dict[str, str]:
    form = await request.form(max_files=0, max_fields=40)
    return {
        name: value.replace("\0", "")[:2000]
        for name, value in form.multi_items()
        if isinstance(value, str) and name != "csrf"
    }
