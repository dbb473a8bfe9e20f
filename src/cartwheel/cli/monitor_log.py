"""``cartwheel monitor replay``: whether the log says today what was told then."""

from __future__ import annotations

from pathlib import Path

from cartwheel.errors import FileRefused, Problem


def replay_log(
    ward: Path, data: Path | None, database: str | None, processes: int | None = None
) -> None:
    """Replay a log, and print whether it equals what was told.

    Parameters
    ----------
    ward : Path
        Ward file of today. Patients are replayed by those that were in force, as they are kept.
    data : Path or None
        Folder of the SQLite file; by default that of ``cartwheel serve``.
    database : str or None
        PostgreSQL instead.
    processes : int or None
        How many patients are replayed at a time; by default as many as there are cores.

    Raises
    ------
    FileRefused
        ``no_log`` where there is none; ``replay_differs`` with the ward's own ids and the lines.
    """
    from cartwheel.cli.serve_run import require_serve

    require_serve()
    from cartwheel.errors import refuse
    from cartwheel.serve.ward.verifying import verify_in_processes
    from cartwheel.store.database import FILE, default_folder, open_store
    from cartwheel.workflows.monitor_open import open_ward

    folder = data or default_folder()
    if database is None and not (folder / FILE).is_file():
        raise refuse(
            FileRefused, "no_log", "there is no log in this folder", where=str(folder),
            mend="name the folder of the server: --data DIR",
        )  # fmt: skip
    # what is wrong with the ward file of today is said first
    open_ward(ward)
    store = open_store(folder, database)
    try:
        # every ward file of the log is in it
        found = verify_in_processes(store, ward.parent, processes)
    finally:
        store.close()
    print(f"{found.patients} patients, {found.lines} lines, {found.events} events")
    if found.unexplained:
        print(f"{found.unexplained} lines were followed by a ward file that is not at hand, or by "
              "another version of cartwheel")  # fmt: skip
    if found.same:
        others = "of the others " if found.unexplained else ""
        print(f"{others}replay says what was told, byte for byte"
              if found.lines > found.unexplained else "nothing could be compared")  # fmt: skip
        return
    raise FileRefused(
        [
            Problem("replay_differs", one.what, f"patient {one.patient}, line {one.entry}",
                    "keep a copy of the database, and report it without patients' data")
            for one in found.differences
        ]
    )  # fmt: skip
