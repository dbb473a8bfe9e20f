"""The centre's table of codes: every edition of it, with who made it and when; the last counts."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import insert, select

from cartwheel.store.database import Store, moment
from cartwheel.store.ward_tables import codes
from cartwheel.watch.code_file import code_csv, read_code_csv
from cartwheel.watch.codes import CodeTable


@dataclass(frozen=True, slots=True)
class CodesEdition:
    """One edition of the table.

    Parameters
    ----------
    number : int
        In the order of making.
    lines : int
        How many codes it has.
    who, made_at : str
        Name of the account; UTC.
    """

    number: int
    lines: int
    who: str
    made_at: str


def keep_codes(store: Store, table: CodeTable, who: str) -> CodesEdition:
    """Keep a new edition of the table; older ones stay.

    Parameters
    ----------
    store : Store
        Where.
    table : CodeTable
        Checked, whole: from `cartwheel.watch.code_file`.
    who : str
        Name of the account.

    Returns
    -------
    CodesEdition
        The one that counts now; where nothing has changed, the one that is there.

    Raises
    ------
    FileRefused
        ``store_unavailable``.
    """
    content = code_csv(table)
    newest = select(codes).order_by(codes.c.number.desc()).limit(1)
    with store.writing() as connection:
        row = connection.execute(newest).one_or_none()
        if row is None or row.content != content:
            made = insert(codes).values(
                content=content, lines=len(table.rows), who=who[:200], made_at=moment()
            )
            row = connection.execute(made.returning(*codes.c)).one()
    return CodesEdition(row.number, row.lines, row.who, row.made_at)


def codes_kept(store: Store, number: int | None = None) -> CodeTable:
    """Read the table.

    Parameters
    ----------
    store : Store
        Where.
    number : int, optional
        Of an older edition; by default the last one.

    Returns
    -------
    CodeTable
        Without lines of the centre's own where there is no edition.

    Raises
    ------
    FileRefused
        ``store_unavailable``.
    """
    wanted = select(codes.c.content).order_by(codes.c.number.desc()).limit(1)
    if number is not None:
        wanted = wanted.where(codes.c.number == number)
    with store.reading() as connection:
        content = connection.execute(wanted).scalar_one_or_none()
    return CodeTable() if content is None else read_code_csv(content)


def codes_editions(store: Store, most: int = 100) -> tuple[CodesEdition, ...]:
    """List the editions of the table.

    Parameters
    ----------
    store : Store
        Where.
    most : int
        How many.

    Returns
    -------
    tuple of CodesEdition
        The newest first.
    """
    wanted = select(codes.c.number, codes.c.lines, codes.c.who, codes.c.made_at)
    wanted = wanted.order_by(codes.c.number.desc()).limit(most)
    with store.reading() as connection:
        return tuple(CodesEdition(*tuple(row)) for row in connection.execute(wanted))
