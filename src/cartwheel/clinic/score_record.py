"""What every part of a score is: a frozen record that knows the keys of its file.

Records need no library, so that a score starts fast. Which values a key may have is said by
``score_format``, which reads the same classes and is loaded for a file that was not checked yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import FrozenInstanceError
from decimal import Decimal
from inspect import get_annotations
from types import MappingProxyType
from typing import Any, ClassVar, Self, dataclass_transform

NEEDED = object()


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Record:
    """A frozen record; its fields are annotated, those with a value may be left out.

    A trailing underscore keeps a field from Python's own words and is no part of its key.
    """

    # name -> default, or NEEDED; those of the bases come first
    fields: ClassVar[Mapping[str, Any]] = MappingProxyType({})

    def __init_subclass__(cls) -> None:
        found: dict[str, Any] = {}
        for kind in reversed(cls.__mro__):
            if kind is not Record and issubclass(kind, Record):
                own = get_annotations(kind)
                found |= {name: kind.__dict__.get(name, NEEDED) for name in own}
        cls.fields = MappingProxyType(found)

    def __init__(self, **given: Any) -> None:
        values = dict(self.fields)
        values.update(given)
        lacking = [name for name, value in values.items() if value is NEEDED]
        if lacking or len(values) > len(self.fields):
            odd = ", ".join(lacking or sorted(set(values) - set(self.fields)))
            raise TypeError(f"{type(self).__name__} has other fields, or lacks these: {odd}")
        self.__dict__.update(values)

    def __setattr__(self, name: str, value: object) -> None:
        raise FrozenInstanceError(f"{type(self).__name__}.{name} cannot be changed")

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"{type(self).__name__}.{name} cannot be taken out")

    def _values(self) -> tuple[Any, ...]:
        # the dictionary of an instance also holds what was computed from it once
        return tuple(self.__dict__[name] for name in self.fields)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash((type(self), self._values()))

    def __repr__(self) -> str:
        pairs = zip(self.fields, self._values(), strict=True)
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in pairs)})"

    def but(self, **changes: Any) -> Self:
        """Copy with some fields changed; nothing is checked, and nothing computed is kept.

        Parameters
        ----------
        **changes : object
            Field to value.

        Returns
        -------
        Self
            A new record.
        """
        return type(self)(**(dict(zip(self.fields, self._values(), strict=True)) | changes))

    def document(self) -> dict[str, Any]:
        """Give the record as plain nested dictionaries with the file's own keys.

        Returns
        -------
        dict
            Keys in the order of the file; numbers as ``Decimal``; what is not said is left out.
        """
        return {
            file_key(name): _said(value)
            for name, value in zip(self.fields, self._values(), strict=True)
            if value is not None
        }

    def json_document(self) -> dict[str, Any]:
        """Give the record as JSON holds it: as `document`, with numbers in double precision.

        Returns
        -------
        dict
            Of text, numbers, truth values, lists and dictionaries.
        """
        found = _in_json(self.document())
        assert isinstance(found, dict)
        return found


def file_key(name: str) -> str:
    """Give the key under which a field stands in the file.

    Parameters
    ----------
    name : str
        Of the field, such as ``from_``.

    Returns
    -------
    str
        Such as ``from``.
    """
    return name.removesuffix("_")


def _said(value: Any) -> Any:
    if isinstance(value, Record):
        return value.document()
    if isinstance(value, tuple):
        return tuple(_said(each) for each in value)
    return dict(value) if isinstance(value, dict) else value


def _in_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _in_json(each) for key, each in value.items()}
    if isinstance(value, tuple):
        return [_in_json(each) for each in value]
    return float(value) if isinstance(value, Decimal) else value
