"""Run what the documentation shows and write what came out back into it.

    python examples/refresh_output.py            rewrite README.md and docs/*.md
    python examples/refresh_output.py --check    change nothing; exit 1 where a page is out of date

A page marks its parts with comments, each followed by a fence:

    <!-- file: NAME -->          the fence is written to NAME before anything runs
    <!-- run: COMMAND -->        runs, shows nothing, has no fence
    <!-- output: COMMAND -->     a text fence, rewritten with the command and what it printed
    <!-- output 5-9: COMMAND --> the same, lines 5 to 9 only
    <!-- generated: WHAT --> ... <!-- end -->    commands or reference, made from the code

Every page runs in a folder of its own that holds the simulated cohort, its plan, the tables of
``examples/landmark``, ``pool``, ``validate`` and ``ward``, and the files that the pages show. Only
``cartwheel ...`` and ``python FILE`` are run, where FILE is one of these.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import reference_pages

from cartwheel import cli
from cartwheel.demonstration import cohort_path, plan_path

REPOSITORY = Path(__file__).resolve().parents[1]
DONE_OR_REFUSED = {0, 2}
FENCE = r"```\w*\n(?P<body>.*?)^```$"
FILE = re.compile(rf"^<!-- file: (?P<name>\S+) -->\n+{FENCE}", re.MULTILINE | re.DOTALL)
STEP = re.compile(
    r"^<!-- (?P<kind>run|output)(?: (?P<first>\d+)-(?P<last>\d+))?: (?P<command>.+?) -->$"
    r"(?P<fence>\n+```text\n.*?^```$)?",
    re.MULTILINE | re.DOTALL,
)
GENERATED = re.compile(
    r"(?P<head>^<!-- generated: (?P<what>\w+) -->\n).*?(?P<end>^<!-- end -->$)",
    re.MULTILINE | re.DOTALL,
)


class PageError(Exception):
    """A page asks for something that is not run."""


@dataclass(frozen=True)
class Page:
    """One page as written, and as it should be."""

    path: Path
    written: str
    fresh: str

    @property
    def name(self) -> str:
        """Path within the repository."""
        return self.path.relative_to(REPOSITORY).as_posix()


def page_paths() -> list[Path]:
    """README and every page of the documentation."""
    return [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]


def shown_files() -> dict[str, str]:
    """Files that the pages show, by name; one name has one content."""
    found: dict[str, str] = {}
    for path in page_paths():
        for match in FILE.finditer(path.read_text(encoding="utf-8")):
            if found.setdefault(match["name"], match["body"]) != match["body"]:
                raise PageError(f"{path.name}: another page shows another {match['name']}")
    return found


def refresh(path: Path) -> Page:
    """Run everything on one page, in a folder of its own."""
    written = path.read_text(encoding="utf-8")
    fresh = GENERATED.sub(_generated, written)
    if STEP.search(fresh):
        files = shown_files()
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            shutil.copy(cohort_path(), folder)
            shutil.copy(plan_path(), folder)
            for tables in ("landmark", "pool", "validate", "ward"):
                shutil.copytree(REPOSITORY / "examples" / tables, folder / "examples" / tables)
            for file, content in files.items():
                (folder / file).write_text(content, encoding="utf-8")
            fresh = STEP.sub(lambda step: _step(step, folder, files), fresh)
    return Page(path, written, fresh)


def _generated(match: re.Match[str]) -> str:
    return f"{match['head']}{reference_pages.PAGES[match['what']]()}{match['end']}"


def _step(step: re.Match[str], folder: Path, files: dict[str, str]) -> str:
    command = step["command"]
    printed, code = run(command, folder, files)
    mark = step[0].split("\n```", maxsplit=1)[0].rstrip("\n") if step["fence"] else step[0]
    if step["kind"] == "run":
        if code:
            raise PageError(f"{command}: exit code {code}\n{printed}")
        return step[0]
    lines = printed.rstrip("\n").splitlines()
    if step["first"]:
        first, last = int(step["first"]), int(step["last"])
        lines = [*(["..."] if first > 1 else []), *lines[first - 1 : last]]
        lines += ["..."] if last < len(printed.rstrip("\n").splitlines()) else []
    closing = [f"(exit code {code})"] if code else []
    shown = "\n".join([_shown(command), *(line.rstrip() for line in lines), *closing])
    return f"{mark}\n\n```text\n{shown}\n```"


def _shown(command: str) -> str:
    """Write a command as typed; a continued line is indented."""
    lines = command.split("\n")
    return "\n".join([f"$ {lines[0]}", *(f"    {line.strip()}" for line in lines[1:])])


def run(command: str, folder: Path, files: dict[str, str]) -> tuple[str, int]:
    """Run one command and give what it printed, on both streams, and its exit code."""
    words = shlex.split(command.replace("\\\n", " "))
    if words[0] == "cartwheel":
        printed, code = _cartwheel(words, folder)
    elif words[0] == "python" and words[1] in files:
        printed, code = _python(words, folder)
    else:
        raise PageError(f"not run: {command}")
    if code not in DONE_OR_REFUSED or str(folder) in printed:
        raise PageError(f"{command}: exit code {code}\n{printed}")
    return printed, code


def _cartwheel(words: list[str], folder: Path) -> tuple[str, int]:
    """Run our command in this process: its libraries load once for all pages."""
    printed = io.StringIO()
    before, code = sys.argv, 0
    sys.argv = words
    try:
        with chdir(folder), redirect_stdout(printed), redirect_stderr(printed):
            cli.main()
    except SystemExit as stop:
        code = int(stop.code or 0)
    finally:
        sys.argv = before
    return printed.getvalue(), code


def _python(words: list[str], folder: Path) -> tuple[str, int]:
    done = subprocess.run(
        [sys.executable, *words[1:]],
        cwd=folder,
        env={**os.environ, "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    return done.stdout, done.returncode


def main(arguments: list[str]) -> int:
    """Rewrite every page, or say which are out of date."""
    check = "--check" in arguments
    named = {argument for argument in arguments if not argument.startswith("-")}
    paths = [path for path in page_paths() if not named or path.name in named]
    stale = [page for page in map(refresh, paths) if page.fresh != page.written]
    for page in stale:
        if not check:
            page.path.write_text(page.fresh, encoding="utf-8")
        print(f"{page.name}: {'out of date' if check else 'rewritten'}")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
