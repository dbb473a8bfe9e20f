"""The libraries of single formats, which not everybody has."""

from __future__ import annotations

from importlib.util import find_spec

from cartwheel.errors import FileRefused, refuse

_PACKAGES = {
    "typst": "typst",
    "docx": "python-docx",
    "matplotlib": "matplotlib",
    "jinja2": "Jinja2",
}


def require(module: str, what: str) -> None:
    """Refuse a format whose library is not installed.

    Parameters
    ----------
    module : str
        Name by which it is imported.
    what : str
        What needs it.

    Raises
    ------
    FileRefused
        Naming it, and the extra that brings it.
    """
    if find_spec(module) is None:
        raise refuse(
            FileRefused,
            "extra_missing",
            f"{what} needs {_PACKAGES.get(module, module)}",
            mend="pip install 'cartwheel[report]'",
        )
