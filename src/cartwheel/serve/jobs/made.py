"""Files that jobs make: the bytes of the command line, with the type that a browser is told."""

from __future__ import annotations

from cartwheel.canonical import canonical_json
from cartwheel.serve.jobs.kinds import Output

JSON, HTML, TOML = "application/json", "text/html", "application/toml"
CSV, R, TEXT = "text/csv", "text/x-r", "text/plain"


def json_output(name: str, document: object) -> Output:
    """Write a document as canonical JSON.

    Parameters
    ----------
    name : str
        Of the file.
    document : object
        Whatever `cartwheel.canonical.canonical_json` takes.

    Returns
    -------
    Output
    """
    return Output(name, JSON, canonical_json(document).encode())


def text_output(name: str, media_type: str, text: str) -> Output:
    """Make a file of a text, in UTF-8.

    Parameters
    ----------
    name, media_type : str
        As `Output` has them.
    text : str
        The content.

    Returns
    -------
    Output
    """
    return Output(name, media_type, text.encode())
