"""Files in the store: whole or absent, found by their owner alone, gone with all made from them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from cartwheel.errors import FileRefused
from cartwheel.store.database import Store
from cartwheel.store.job_runs import claim_job, finish_job
from cartwheel.store.kept_files import (
    PIECE,
    content_of,
    file_of,
    files_of,
    forget_file,
    keep_file,
    plain_name,
)
from cartwheel.store.kept_jobs import add_job, forget_job, jobs_of


def _finished(store: Store, owner: str, inputs: list[str], output: bytes) -> str:
    """A job that reads files and has made one."""
    job = add_job(store, owner=owner, kind="check", title="t", request={"n": inputs}, inputs=inputs)
    claimed = claim_job(store, "server")
    assert claimed is not None
    assert finish_job(store, job.id, "server", [("out.json", "application/json", [output])])
    return job.id


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE + 17])
def test_a_file_comes_back_as_it_was(store: Store, size: int) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    content = content[:size]
    pieces = [content[start : start + 70_001] for start in range(0, size, 70_001)]
    kept = keep_file(store, pieces, owner="ada", name="cohort.csv", media_type="text/csv")
    assert b"".join(content_of(store, kept.id)) == content
    assert (kept.size, kept.sha256) == (size, hashlib.sha256(content).hexdigest())
    assert file_of(store, kept.id, "ada") == kept
    assert files_of(store, "ada") == (kept,)


def test_nothing_is_kept_of_an_upload_that_breaks_off(store: Store) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * (PIECE + 5)
        raise FileRefused(())

    with pytest.raises(FileRefused):
        keep_file(store, broken(), owner="ada", name="a.csv")
    assert files_of(store, None) == ()


def test_a_file_of_another_person_is_not_there(store: Store) -> None:
    kept = keep_file(store, [b"x"], owner="ada", name="a.csv")
    for ask in (file_of, forget_file):
        with pytest.raises(FileRefused) as refused:
            ask(store, kept.id, "bert")
        assert refused.value.problems[0].code == "no_such_file"
    assert file_of(store, kept.id, None) == kept


def test_a_file_goes_with_everything_made_from_it_however_far_down(store: Store) -> None:
    upload = keep_file(store, [b"rows"], owner="ada", name="a.csv")
    other = keep_file(store, [b"rows"], owner="ada", name="b.csv")
    first = _finished(store, "ada", [upload.id], b"result")
    result = files_of(store, "ada", "output", first)[0]
    second = _finished(store, "ada", [result.id], b"paper")
    untouched = _finished(store, "ada", [other.id], b"other")
    assert forget_file(store, upload.id, "ada") == tuple(sorted([first, second]))
    assert {job.id for job in jobs_of(store, None)} == {untouched}
    assert {file.name for file in files_of(store, None)} == {"b.csv"}
    assert [file.job_id for file in files_of(store, None, "output")] == [untouched]


def test_a_job_goes_with_its_outputs_and_what_was_made_from_them(store: Store) -> None:
    upload = keep_file(store, [b"rows"], owner="ada", name="a.csv")
    first = _finished(store, "ada", [upload.id], b"result")
    result = files_of(store, "ada", "output", first)[0]
    _finished(store, "ada", [result.id], b"paper")
    forget_job(store, first, "ada")
    assert jobs_of(store, None) == ()
    assert files_of(store, None, "output") == ()
    assert files_of(store, None) == (upload,)


def test_nothing_of_a_deleted_file_is_left_on_the_disk(sqlite_store: Store, tmp_path: Path) -> None:
    # a sheet with a word that stands nowhere else
    word = b"SIMULATED-PATIENT-4711"
    kept = keep_file(sqlite_store, [b"id\n", (word + b"\n") * 5000], owner="ada", name="a.csv")
    assert _holds(tmp_path, word)
    forget_file(sqlite_store, kept.id, "ada")
    assert not _holds(tmp_path, word)


def _holds(folder: Path, word: bytes) -> bool:
    return any(word in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_the_file_of_the_store_is_readable_by_its_owner_alone(
    sqlite_store: Store, tmp_path: Path
) -> None:
    assert (tmp_path / "data" / "cartwheel.sqlite3").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\system.ini", "system.ini"),
        ("C:\\data\\cohort.csv", "cohort.csv"),
        ("/abs/cohort.csv", "cohort.csv"),
        ("..", "file"),
        (".", "file"),
        ("", "file"),
        (".bashrc", "bashrc"),
        ("a\x00b\nc.csv", "abc.csv"),
        ('<img src=x onerror="x">.csv', "img src=x onerror=x.csv"),
        ("Zentrum Köln 患者.xlsx", "Zentrum Köln 患者.xlsx"),
        ("x" * 400 + ".csv", "x" * 196 + ".csv"),
        # disks count bytes: three for each of these
        ("患" * 100 + ".xlsx", "患" * 65 + ".xlsx"),
        ("患" * 100, "患" * 66),
    ],
)
def test_a_name_is_no_path(given_name: str, kept: str) -> None:
    assert plain_name(given_name) == kept


@given(st.text(max_size=300))
def test_every_name_stays_in_its_folder(name: str) -> None:
    kept = plain_name(name)
    assert 0 < len(kept.encode()) <= 200
    assert Path("folder", kept).parent == Path("folder")
    assert kept not in (".", "..")
    assert kept.isprintable()
    assert plain_name(kept) == kept
