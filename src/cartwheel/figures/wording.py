"""Words inside drawings: English as written in the code, or another language while one is set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

_NONE: Mapping[str, str] = MappingProxyType({})
_PHRASES: ContextVar[Mapping[str, str]] = ContextVar("phrases", default=_NONE)


def say(phrase: str, **fields: object) -> str:
    """Say a phrase of a drawing in the language that is set.

    Parameters
    ----------
    phrase : str
        English, as a literal: a test finds every one in the code, and wants it translated.
        Fields stand in braces.
    **fields : object
        What stands in the braces; nothing in it is read as a field.

    Returns
    -------
    str
        The English phrase where there is no other.
    """
    text = _PHRASES.get().get(phrase, phrase)
    return text.format(**fields) if fields else text


@contextmanager
def drawn_in(phrases: Mapping[str, str]) -> Iterator[None]:
    """Draw in another language.

    Parameters
    ----------
    phrases : mapping of str to str
        English phrase, with its fields, to the same in the other language.

    Yields
    ------
    None
    """
    before = _PHRASES.set(phrases)
    try:
        yield
    finally:
        _PHRASES.reset(before)
