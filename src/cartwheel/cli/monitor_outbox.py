"""``cartwheel monitor outbox``: what could not be sent, sent again or dropped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cartwheel.cli.common import write_json
from cartwheel.errors import FileRefused, PlanRefused, refuse

if TYPE_CHECKING:
    from cartwheel.serve.ward.letters import Letters
    from cartwheel.store.database import Store

_WHO = "command line"


@dataclass(frozen=True, slots=True)
class Deed:
    """What is asked for beside the list.

    Parameters
    ----------
    again : str or None
        Target whose letters are sent again, or the number of one.
    every : bool
        All are sent again.
    drop : int or None
        Number of one that is dropped.
    reason : str or None
        Why: a code of `cartwheel.serve.ward.letters.REASONS`.
    """

    again: str | None = None
    every: bool = False
    drop: int | None = None
    reason: str | None = None


def show_outbox(
    ward: Path, data: Path | None, database: str | None, deed: Deed, json: str | None
) -> None:
    """Print what was given up, after doing what is asked for; the server may run meanwhile.

    Parameters
    ----------
    ward : Path
        Ward file.
    data : Path or None
        Folder of the SQLite file; by default that of ``cartwheel serve``.
    database : str or None
        PostgreSQL instead.
    deed : Deed
        What is asked for.
    json : str or None
        Where the list is written as JSON too; ``-`` is stdout, and nothing else is printed.

    Raises
    ------
    FileRefused
        ``no_log``; ``no_such_letter``, ``no_such_target``.
    PlanRefused
        ``which_letters``, ``drop_reason``, ``reason_alone``; what is wrong with the ward file.
    """
    from cartwheel.cli.serve_run import require_serve

    require_serve()
    from cartwheel.serve.ward.letters import read_letters
    from cartwheel.store.database import FILE, default_folder, open_store
    from cartwheel.workflows.monitor_open import open_ward

    open_ward(ward)
    folder = data or default_folder()
    if database is None and not (folder / FILE).is_file():
        raise refuse(
            FileRefused, "no_log", "there is no log in this folder", where=str(folder),
            mend="name the folder of the server: --data DIR",
        )  # fmt: skip
    store = open_store(folder, database)
    try:
        said = _do(store, deed)
        found = read_letters(store)
    finally:
        store.close()
    if json != "-":
        _print(said, found)
    if json is not None:
        write_json(json, {**found.document(), **said})


def _do(store: Store, deed: Deed) -> dict[str, Any]:
    from cartwheel.serve.ward.letters import letter_dropped, letters_again
    from cartwheel.store.audit import Entry, add_entries
    from cartwheel.store.database import moment

    def tell(what: str, about: str) -> None:
        add_entries(store, [Entry(moment(), _WHO, what, about)])

    said: dict[str, Any] = {}
    if (deed.drop is None) != (deed.reason is None):
        raise refuse(
            PlanRefused, "reason_alone", "a letter is dropped with a reason", where="--drop",
            mend="give both: --drop NUMBER --reason CODE",
        )  # fmt: skip
    if deed.again is not None or deed.every:
        number = int(deed.again) if deed.again and _is_number(deed.again) else None
        target = deed.again if deed.again and number is None else ""
        said["again"] = letters_again(store, tell, number=number, target=target, every=deed.every)
    if deed.drop is not None and deed.reason is not None:
        letter_dropped(store, tell, deed.drop, deed.reason)
        said["dropped"] = deed.drop
    return said


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 18


def _print(said: dict[str, Any], found: Letters) -> None:
    if "again" in said:
        print(f"{said['again']} sent again, each with the key that it had")
    if "dropped" in said:
        print(f"letter {said['dropped']} dropped")
    for name, one in sorted(found.counts.items()):
        print(
            f"{name}: {one['dead']} given up, {one['waiting']} waiting, {one['done']} sent, "
            f"{one['dropped']} dropped"
        )
    for group in found.groups:
        print(f"  {group.many} x {group.target}: {group.problem} ({group.since} to {group.until})")
    for letter in found.letters[:20]:
        print(
            f"  letter {letter.number}: {letter.target}, patient {letter.patient}, event "
            f"{letter.event}, {letter.attempts} attempts, {letter.dead_at}: {letter.last_problem}"
        )
    if len(found.letters) > 20 or found.before is not None:
        print("  and more: --json F lists 200")
    if not found.groups:
        print("nothing was given up")
