"""Every sentence of a paper, by key: one TOML file a language."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Formatter
from types import MappingProxyType
from typing import Any

from cartwheel.errors import CartwheelError, FileRefused, refuse
from cartwheel.report.document.blocks import Run

Filling = str | Run | tuple[Run, ...]
CITE = "cite"
_ENGLISH = "en"
_ENDING = ".toml"
# words inside drawings are found by their English, not by a key
_DRAWN = "drawn"
# stops of Chinese type bring the space that follows them
_WIDE_STOPS = ("\u3002", "\uff01", "\uff1f", "\uff1b", "\uff1a", "\uff0c", "\uff09", "\u2026")


@dataclass(frozen=True, slots=True)
class Say:
    """The words of one language.

    Parameters
    ----------
    language : str
        ``en``, ``de`` or ``zh``.
    catalogue : mapping of str to str
        Dotted key to sentence; fields stand in braces, ``{cite:KEY,KEY}`` cites works.
    """

    language: str
    catalogue: Mapping[str, str]

    def __call__(self, key: str, **fields: Filling) -> str:
        """Say it as plain text, without its citations."""
        return "".join(run.text for run in self.runs(key, **fields))

    def __contains__(self, key: str) -> bool:
        """Whether there is such a key."""
        return key in self.catalogue

    def sentence(self, key: str) -> str:
        """Give the sentence as the catalogue has it; a key that is not there is our fault."""
        if key not in self.catalogue:
            raise CartwheelError(f"no words for {key!r} in language {self.language!r}")
        return self.catalogue[key]

    def runs(self, key: str, **fields: Filling) -> tuple[Run, ...]:
        """Say it in runs: a field that is a run keeps its source, and works are cited.

        Parameters
        ----------
        key : str
            Dotted, such as ``develop.performance.caption``.
        **fields : str, Run or tuple of Run
            What stands in the braces; nothing in it is read as markup or as a field.

        Returns
        -------
        tuple of Run
            Neighbouring plain stretches are one run.
        """
        runs: list[Run] = []
        for literal, name, spec, _ in Formatter().parse(self.sentence(key)):
            _append(runs, Run(literal))
            if name == CITE:
                _cite(runs, tuple(spec.split(",")) if spec else ())
            elif name is not None:
                if name not in fields:
                    raise CartwheelError(f"the words {key!r} need {name!r}")
                for run in _as_runs(fields[name]):
                    _append(runs, run)
        return tuple(runs)

    def together(self, sentences: Iterable[str]) -> str:
        """Join sentences by spaces; none follows a full stop of full width."""
        text = ""
        for one in sentences:
            text += gap(text) + one if text and one else one
        return text

    def of_count(self, key: str, number: int | None) -> str:
        """Choose between the keys ``KEY.one`` and ``KEY.other`` by a whole number."""
        return f"{key}.{'one' if number == 1 else 'other'}"

    def listed(self, items: Iterable[Filling]) -> tuple[Run, ...]:
        """Join items as a sentence lists them: ``A, B and C``."""
        parts = [_as_runs(item) for item in items]
        joined: list[Run] = []
        for place, part in enumerate(parts):
            if place:
                last = place == len(parts) - 1
                key = "shared.list.last" if last else "shared.list.between"
                _append(joined, Run(self.sentence(key)))
            for run in part:
                _append(joined, run)
        return tuple(joined)


def gap(before: str) -> str:
    """Give what parts a sentence from the next: a space, or nothing after a full-width stop.

    Parameters
    ----------
    before : str
        The sentence that ends; Chinese stops bring their own space.

    Returns
    -------
    str
    """
    return "" if before.endswith(_WIDE_STOPS) else " "


@cache
def words(language: str = "en") -> Say:
    """Read the words of a language.

    Parameters
    ----------
    language : str
        File of the catalogue, without its ending: ``en``, ``de`` or ``zh``.

    Returns
    -------
    Say
        ``say("key", field=...)`` is text, ``say.runs(...)`` the same with sources and citations.

    Raises
    ------
    FileRefused
        Where there is no catalogue of this language.
    """
    tables = {name: table for name, table in _tables(language).items() if name != _DRAWN}
    return Say(language, dict(_flat(tables)))


@cache
def phrases(language: str = "en") -> Mapping[str, str]:
    """Read the words inside drawings in a language.

    Parameters
    ----------
    language : str
        ``en``, ``de`` or ``zh``.

    Returns
    -------
    mapping of str to str
        English phrase, as the code of a figure writes it, to the same in the language; empty for
        English, whose file lists them for translators. `cartwheel.figures.wording.drawn_in` takes
        it.

    Raises
    ------
    FileRefused
        Where there is no catalogue of this language.
    """
    table = {} if language == _ENGLISH else _tables(language).get(_DRAWN, {})
    return MappingProxyType({phrase: str(said) for phrase, said in table.items()})


def languages() -> tuple[str, ...]:
    """Name the languages there are words for, English first.

    Returns
    -------
    tuple of str
    """
    names = (item.name for item in files(__package__).iterdir())
    found = sorted(name.removesuffix(_ENDING) for name in names if name.endswith(_ENDING))
    return (_ENGLISH, *(name for name in found if name != _ENGLISH))


@cache
def _tables(language: str) -> dict[str, Any]:
    known = languages()
    if language not in known:
        raise refuse(
            FileRefused,
            "language_unknown",
            f"there is no paper in the language '{language}'",
            mend=f"choose one of {', '.join(known)}",
        )
    return tomllib.loads((files(__package__) / f"{language}{_ENDING}").read_text(encoding="utf-8"))


def _flat(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", str(value)


def _as_runs(filling: Filling) -> tuple[Run, ...]:
    if isinstance(filling, Run):
        return (filling,)
    return (Run(filling),) if isinstance(filling, str) else filling


def _plain(run: Run) -> bool:
    return run.style == "plain" and not run.cites and not run.source


def _append(runs: list[Run], run: Run) -> None:
    if not run.text and not run.cites:
        return
    if runs and _plain(runs[-1]) and _plain(run):
        runs[-1] = Run(runs[-1].text + run.text)
    else:
        runs.append(run)


def _cite(runs: list[Run], keys: tuple[str, ...]) -> None:
    if not runs:
        runs.append(Run("", cites=keys))
        return
    last = runs[-1]
    runs[-1] = Run(last.text, last.style, (*last.cites, *keys), last.source)
