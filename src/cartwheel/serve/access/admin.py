"""Pages of an administrator: the accounts, and who did what."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import astuple, fields
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from cartwheel.errors import Refused
from cartwheel.serve.access.audit import record
from cartwheel.serve.access.passwords import hash_password
from cartwheel.serve.access.person import Person, may
from cartwheel.serve.problems import status_of
from cartwheel.serve.rendering import page
from cartwheel.serve.services import services
from cartwheel.store.accounts import (
    ROLES,
    account_name,
    account_of,
    accounts_of,
    add_account,
    close_account,
    set_password,
    set_role,
)
from cartwheel.store.audit import Entry, Wanted, entries_of, every_entry

router = APIRouter()
Admin = Annotated[Person, Depends(may("administer"))]
_PAGE = 100
_PIECE = 500
# a spreadsheet would compute what begins with these
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@router.get("/accounts")
def accounts_page(request: Request, _: Admin) -> Response:
    """List the accounts, and offer to change them."""
    return _accounts(request)


@router.post("/accounts")
def account_added(
    request: Request,
    who: Admin,
    name: Annotated[str, Form()] = "",
    role: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
) -> Response:
    """Add an account."""
    known = services(request)
    try:
        plain = account_name(name)
        made = add_account(known.store, plain, role, hash_password(password, plain))
    except Refused as refused:
        return _accounts(request, refused, name[:200])
    record(known, who, "account added", f"{made.name} ({made.role})")
    return RedirectResponse("/accounts", 303)


@router.post("/accounts/{name}/role")
def role_changed(
    request: Request, who: Admin, name: str, role: Annotated[str, Form()] = ""
) -> Response:
    """Give an account another role."""
    known = services(request)
    try:
        changed = set_role(known.store, name, role)
    except Refused as refused:
        return _accounts(request, refused)
    known.sessions.changed()
    record(known, who, "role changed", f"{changed.name} ({changed.role})")
    return RedirectResponse("/accounts", 303)


@router.post("/accounts/{name}/close")
def account_closed(request: Request, who: Admin, name: str) -> Response:
    """Close an account, and log it out everywhere."""
    known = services(request)
    try:
        closed = close_account(known.store, name)
    except Refused as refused:
        return _accounts(request, refused)
    known.sessions.end_all(closed.id)
    record(known, who, "account closed", closed.name)
    return RedirectResponse("/accounts", 303)


@router.post("/accounts/{name}/password")
def password_given(
    request: Request, who: Admin, name: str, password: Annotated[str, Form()] = ""
) -> Response:
    """Set another password, log out everywhere, and open a closed account again."""
    known = services(request)
    try:
        found = account_of(known.store, name)
        set_password(known.store, found.name, hash_password(password, found.name))
    except Refused as refused:
        return _accounts(request, refused)
    known.sessions.end_all(found.id)
    record(known, who, "password set", found.name)
    return RedirectResponse("/accounts", 303)


Asked = Annotated[str, Query(max_length=200)]


@router.get("/audit")
def audit_page(
    request: Request,
    _: Admin,
    who: Asked = "",
    what: Asked = "",
    since: Asked = "",
    until: Asked = "",
    before: Annotated[int | None, Query(ge=0)] = None,
) -> Response:
    """Show who did what, the newest first."""
    known = services(request)
    known.audit.flush()
    wanted = Wanted(who.strip(), what.strip(), since.strip(), until.strip())
    found = entries_of(known.store, wanted, before=before, most=_PAGE + 1)
    return page(
        request,
        "access/audit.html",
        found=found[:_PAGE],
        wanted=wanted,
        older=found[_PAGE - 1].number if len(found) > _PAGE else None,
        asked={name: getattr(wanted, name) for name in Wanted.__slots__ if getattr(wanted, name)},
    )


@router.get("/audit.csv")
def audit_file(
    request: Request,
    admin: Admin,
    who: Asked = "",
    what: Asked = "",
    since: Asked = "",
    until: Asked = "",
) -> Response:
    """Give who did what as CSV, the newest first."""
    known = services(request)
    record(known, admin, "audit downloaded")
    known.audit.flush()
    wanted = Wanted(who.strip(), what.strip(), since.strip(), until.strip())
    headers = {
        "Content-Disposition": 'attachment; filename="audit.csv"',
        "Cache-Control": "no-store",
    }
    return StreamingResponse(
        _lines(request, wanted), media_type="text/csv; charset=utf-8", headers=headers
    )


def _lines(request: Request, wanted: Wanted) -> Iterator[str]:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("number", *(field.name for field in fields(Entry))))
    for place, one in enumerate(every_entry(services(request).store, wanted), start=1):
        cells = cast(tuple[str, ...], astuple(one.entry))
        writer.writerow((one.number, *(f"'{c}" if c.startswith(_FORMULA) else c for c in cells)))
        if place % _PIECE == 0:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def _accounts(request: Request, refused: Refused | None = None, name: str = "") -> Response:
    return page(
        request,
        "access/accounts.html",
        status=status_of(refused) if refused else 200,
        problems=refused.problems if refused else (),
        found=accounts_of(services(request).store),
        roles=ROLES,
        name=name,
        here=services(request).settings,
    )
