"""Pages and fragments from templates; everything from outside is escaped."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from cartwheel import __version__
from cartwheel.figures.numbers import sentence
from cartwheel.serve.page_words import PageEnvironment, page_words
from cartwheel.serve.static_files import static_url

# address, name, what it is for
JOBS = (
    ("/cohort", "Cohort", "From a sheet to an honest score"),
    ("/honest", "Honest index", "What survives when the whole search is repeated"),
    ("/scores", "Scores", "Compute a published score, or your own"),
    ("/validate", "Validate", "Does a score work in your patients?"),
    ("/pool", "Pool", "From papers to a forest plot"),
    ("/grades", "Grades", "CRS, ICANS and ICAHT from a patient's days"),
    ("/ward", "Ward", "Who is moving, and why, as labs arrive"),
)


@cache
def templates() -> Environment:
    """Make the templates ready.

    Returns
    -------
    Environment
        Escapes everything, and fails on a name that it does not know.
    """
    made = PageEnvironment(
        loader=PackageLoader("cartwheel.serve"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(sentence=sentence, shown_unit=_shown_unit, page_words=page_words)
    made.globals.update(version=__version__, jobs=JOBS, csrf_field=csrf_field, static=static_url)
    return made


def _shown_unit(unit: str) -> str:
    # what writes calculators is loaded with the first unit, not with the first page
    from cartwheel.report.calculator.spelling import shown_unit  # noqa: PLC0415

    return shown_unit(unit)


def page(request: Request, template: str, *, status: int = 200, **words: Any) -> HTMLResponse:
    """Answer with a whole page.

    Parameters
    ----------
    request : Request
        Whose path marks where the reader is.
    template : str
        Extends ``base.html``.
    status : int
        Of the answer.
    **words
        For the template.

    Returns
    -------
    HTMLResponse
        Not kept by any cache: it may hold what a patient's sheet gave.
    """
    return fragment(request, template, status=status, **words)


def fragment(request: Request, template: str, *, status: int = 200, **words: Any) -> HTMLResponse:
    """Answer with a part of a page, for htmx.

    Parameters
    ----------
    request, template, status, **words
        As of `page`; the template does not extend ``base.html``.

    Returns
    -------
    HTMLResponse
    """
    text = templates().get_template(template).render(
        request=request,
        path=request.url.path,
        person=request.scope.get("cartwheel.person"),
        csrf=request.scope.get("cartwheel.csrf", ""),
        **words,
    )  # fmt: skip
    return HTMLResponse(text, status, headers={"Cache-Control": "no-store"})


def asked_by_htmx(request: Request) -> bool:
    """Tell whether htmx asks for a part of a page.

    Parameters
    ----------
    request : Request
        Any.

    Returns
    -------
    bool
    """
    return request.headers.get("hx-request") == "true"


def csrf_field(request: Request) -> Markup:
    """Write the hidden field that every form carries.

    Parameters
    ----------
    request : Request
        Of the person who will send the form.

    Returns
    -------
    Markup
    """
    return Markup('<input type="hidden" name="csrf" value="{}">').format(
        request.scope.get("cartwheel.csrf", "")
    )
