"""What every command shares: how it refuses, and how it writes."""

from __future__ import annotations

import re
import shlex
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from cartwheel.canonical import canonical_json, write_together
from cartwheel.errors import FileRefused, PlanRefused, Refused, refuse

Value = TypeVar("Value")

REFUSED = 2
WIDTH = 80
# what a person copies stays on one line: a command with its arguments, an option with its value,
# and a name in quotes
_COPIED = re.compile(
    r"mkdir -p .+"
    r"|cartwheel [a-z]+"
    r"(?: (?:--[\w-]+(?: [^\s;,()]+)?|\.\.\.|>|[A-Z_]{2,}\b|[^\s;,]*[./=][^\s;,]+))*"
    r"|--[\w-]+ '[^']*'"
    r"|--[\w-]+ [^\s;,()]+"
    r"|(?<![^\s(])'[^']{1,40}'"
)
_HELD = "\x00"


def say_problems(refused: Refused) -> None:
    """Print every problem of a refusal to stderr, one a paragraph, with what to do about it."""
    print("\n".join(problem_lines(refused)), file=sys.stderr)


def problem_lines(refused: Refused) -> Iterator[str]:
    """Write a refusal in lines of 80 columns, whatever the terminal.

    Parameters
    ----------
    refused : Refused
        With all that was found.

    Yields
    ------
    str
        Without line ends. Words, paths, commands and what stands in quotes are not broken; one
        that is longer than a line has a line of its own.
    """
    count = len(refused.problems)
    yield f"cartwheel refuses ({count} {'reason' if count == 1 else 'reasons'}):"
    for problem in refused.problems:
        # a path or a column may hold blanks; several are divided by commas
        place = _held(problem.where).replace("," + _HELD, ", ")
        what = _copied_held(problem.what)
        yield from _wrapped(f"{place}: {what}" if place else what, "  - ")
        if problem.mend:
            yield from _wrapped(f"mend: {_copied_held(problem.mend)}", "    ")


def _held(text: str) -> str:
    return text.replace(" ", _HELD)


def _copied_held(text: str) -> str:
    return _COPIED.sub(lambda found: _held(found[0]), text)


def _wrapped(text: str, first: str) -> Iterator[str]:
    lines = textwrap.wrap(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    yield from (line.replace(_HELD, " ") for line in lines)


@contextmanager
def refusals_as_exit_code() -> Iterator[None]:
    """Turn a refusal into its words on stderr and exit code 2, without a traceback."""
    try:
        yield
    except Refused as refused:
        say_problems(refused)
        # what typer.Exit becomes, without loading typer for it
        raise SystemExit(REFUSED) from None


def write_json(target: str, thing: Any) -> None:
    """Write a result as canonical JSON to a file, or to stdout where the target is ``-``."""
    write_text(target, canonical_json(thing))


def write_text(target: str, text: str) -> None:
    """Write text whole to a file, or to stdout where the target is ``-``."""
    check_folder(target)
    write_files({target: text})


def write_files(contents: Mapping[str, str]) -> None:
    """Write every text to its file, all or none; ``-`` is stdout."""
    try:
        write_together({target: text for target, text in contents.items() if target != "-"})
    except OSError as error:
        names = ", ".join(target for target in contents if target != "-")
        raise refuse(
            FileRefused,
            "not_writable",
            f"the files could not be written ({error.strerror or type(error).__name__}); nothing "
            "was written",
            where=names,
            mend="check the disk, the rights and the names",
        ) from None
    if "-" in contents:
        sys.stdout.write(contents["-"])


def check_folder(target: str | None) -> None:
    """Refuse an output whose folder is not there, before any work is done."""
    if target is None or target == "-":
        return
    folder = Path(target).parent
    if not folder.is_dir():
        raise refuse(
            PlanRefused,
            "no_folder",
            "the folder for this output does not exist",
            where=target,
            mend=f"make it first: mkdir -p {shlex.quote(str(folder))}",
        )
    try:
        is_folder = Path(target).is_dir()
    except OSError as error:
        raise refuse(
            PlanRefused,
            "bad_name",
            f"this cannot be a file's name ({error.strerror})",
            where=target[:60],
            mend="name another file",
        ) from None
    if is_folder:
        raise refuse(
            PlanRefused,
            "is_folder",
            "the output is a folder",
            where=target,
            mend="name a file in it",
        )


def make_folder(folder: Path) -> None:
    """Make the folder that results go into; a file of that name is refused."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise refuse(
            PlanRefused,
            "not_a_folder",
            "there is a file of this name",
            where=str(folder),
            mend="name another folder: --folder NAME",
        ) from None


def pairs(flags: list[str] | None, flag: str, convert: Callable[[str], Value]) -> dict[str, Value]:
    """Read ``COLUMN=VALUE`` flags; the last ``=`` divides, so names may hold one."""
    found: dict[str, Value] = {}
    for text in flags or []:
        column, divider, value = text.rpartition("=")
        if not divider or not column or not value:
            raise refuse(
                PlanRefused,
                "flag_form",
                f"'{text}' is not COLUMN=VALUE",
                where=flag,
                mend=f"write it as {flag} COLUMN=VALUE",
            )
        try:
            found[column] = convert(value)
        except ValueError:
            raise refuse(
                PlanRefused,
                "flag_value",
                f"'{value}' cannot be read",
                where=f"{flag} {column}",
                mend="give a number",
            ) from None
    return found
