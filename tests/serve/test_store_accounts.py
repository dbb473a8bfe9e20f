"""Accounts and sessions in the store, on both databases."""

from __future__ import annotations

import threading
from contextlib import suppress

import pytest

from cartwheel.errors import FileRefused, PlanRefused, Refused
from cartwheel.store.accounts import (
    account_name,
    account_of,
    account_of_subject,
    accounts_of,
    add_account,
    close_account,
    count_admins,
    open_account,
    rehash,
    set_password,
    set_role,
)
from cartwheel.store.audit import Entry, Wanted, add_entries, entries_of, every_entry
from cartwheel.store.database import Store
from cartwheel.store.sessions import add_session, end_sessions, session_of, touch_session
from cartwheel.store.tables import audit


def code_of(caught: pytest.ExceptionInfo[Refused]) -> str:
    return caught.value.problems[0].code


def test_an_account_goes_its_way(store: Store) -> None:
    made = add_account(store, "  Ann.Lee@Example ", "reader", "hash-1")
    assert made.name == "ann.lee@example"
    assert open_account(store, "ANN.LEE@example") == (made, "hash-1")
    with pytest.raises(PlanRefused) as caught:
        add_account(store, "ann.lee@example", "admin")
    assert code_of(caught) == "account_there"
    assert set_role(store, "ann.lee@example", "analyst").role == "analyst"
    rehash(store, made, "hash-0", "hash-2")
    assert open_account(store, made.name) == (account_of(store, made.name), "hash-1")
    rehash(store, made, "hash-1", "hash-2")
    closed = close_account(store, made.name)
    assert closed.closed_at is not None
    assert open_account(store, made.name) is None
    assert set_password(store, made.name, "hash-3").closed_at is None
    assert [one.name for one in accounts_of(store)] == [made.name]
    with pytest.raises(PlanRefused) as caught:
        account_of(store, "ben")
    assert code_of(caught) == "no_such_account"


def test_an_account_of_an_issuer_has_no_password(store: Store) -> None:
    made = add_account(store, "ann", "reader", subject="https://issuer ann-1")
    assert open_account(store, "ann") is None
    assert account_of_subject(store, "https://issuer ann-1") == made
    assert account_of_subject(store, "https://issuer ann-2") is None


@pytest.mark.parametrize("name", ["", "a b", "a/b", "a\nb", "x" * 65, "<b>", "a%"])
def test_a_name_is_plain(name: str) -> None:
    with pytest.raises(PlanRefused) as caught:
        account_name(name)
    assert code_of(caught) == "account_name"


@pytest.mark.parametrize("name", ["owner", " OWNER ", "cartwheel", "unknown", "unknown-1f2e"])
def test_a_name_of_the_server_itself_is_nobodys(sqlite_store: Store, name: str) -> None:
    with pytest.raises(PlanRefused) as caught:
        add_account(sqlite_store, name, "reader", "h")
    assert code_of(caught) == "account_reserved"
    assert caught.value.problems[0].mend == "choose another name"
    assert accounts_of(sqlite_store) == ()


def test_a_name_has_one_spelling() -> None:
    assert account_name("MÜLLER") == account_name("mu\u0308ller") == "müller"


def test_the_last_administrator_stays(store: Store) -> None:
    add_account(store, "ann", "admin", "h")
    add_account(store, "ben", "admin", "h")
    close_account(store, "ben")
    for change in (lambda: close_account(store, "ann"), lambda: set_role(store, "ann", "reader")):
        with pytest.raises(PlanRefused) as caught:
            change()
        assert code_of(caught) == "last_admin"
    assert count_admins(store) == 1
    assert account_of(store, "ann").role == "admin"


def test_of_two_administrators_who_demote_each_other_one_stays(store: Store) -> None:
    add_account(store, "ann", "admin", "h")
    add_account(store, "ben", "admin", "h")
    for _ in range(5):
        ready = threading.Barrier(2)

        def demote(name: str, ready: threading.Barrier = ready) -> None:
            ready.wait()
            with suppress(PlanRefused):
                set_role(store, name, "reader")

        threads = [threading.Thread(target=demote, args=(name,)) for name in ("ann", "ben")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert count_admins(store) == 1
        for name in ("ann", "ben"):
            set_role(store, name, "admin")


def test_a_session_belongs_to_an_open_account(store: Store) -> None:
    ann = add_account(store, "ann", "reader", "h")
    add_session(store, "a" * 64, ann.id, 60.0)
    found = session_of(store, "a" * 64, 60.0)
    assert found is not None
    assert found.account == ann
    assert session_of(store, "b" * 64, None) is None
    assert session_of(store, "a" * 64, -1.0) is None
    touch_session(store, "a" * 64)
    add_session(store, "c" * 64, ann.id, -1.0)
    assert session_of(store, "c" * 64, None) is None
    close_account(store, "ann")
    assert session_of(store, "a" * 64, None) is None
    # the one that was over was forgotten when another began
    add_session(store, "d" * 64, ann.id, 60.0)
    assert end_sessions(store, ann.id) == 2


def test_the_audit_is_read_by_what_is_asked(store: Store) -> None:
    days = ["2026-01-30T10:00:00.000Z", "2026-01-31T23:59:59.999Z", "2026-02-01T00:00:00.000Z"]
    add_entries(store, [Entry(at, "ann", "file 100% read", "x" * 300) for at in days])
    add_entries(store, [Entry(days[1], "ben", "file_deleted", sha256="ab")])
    add_entries(store, [])

    def numbers(**asked: str) -> list[int]:
        return [one.number for one in every_entry(store, Wanted(**asked))]

    assert numbers() == [4, 3, 2, 1]
    assert numbers(who="ann", until="2026-01-31") == [2, 1]
    assert numbers(since="2026-01-31") == [4, 3, 2]
    assert numbers(since="2026-02-01", until="2026-02-01") == [3]
    assert numbers(what="file ") == [3, 2, 1]
    assert numbers(what="file_") == [4]
    assert numbers(what="%") == []
    assert [one.number for one in entries_of(store, Wanted(), before=4, most=2)] == [3, 2]
    assert len(entries_of(store, Wanted())[1].entry.about) == 255


def test_the_database_itself_keeps_the_audit(store: Store) -> None:
    add_entries(store, [Entry("2026-01-30T10:00:00.000Z", "ann", "log-in")])
    for deed in (audit.delete(), audit.update().values(who="ben")):
        with pytest.raises(FileRefused), store.writing() as connection:
            connection.execute(deed)
    assert [one.entry.who for one in entries_of(store, Wanted())] == ["ann"]
