"""A plan in work beside a checked sheet: kept as a draft, edited as form or text, run, read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from cartwheel.canonical import sha256
from cartwheel.errors import FileRefused, PlanRefused, Problem, refuse
from cartwheel.serve.access.person import Person
from cartwheel.serve.cohort.asking import check_of, sheet_file
from cartwheel.serve.cohort.document import draft_text, read_draft, with_lines
from cartwheel.serve.cohort.fields import Fields
from cartwheel.serve.cohort.form_plan import TIME_UNITS, first_plan, value_at
from cartwheel.serve.cohort.places import Placed
from cartwheel.serve.cohort.sheet import CheckedSheet, checked_sheet
from cartwheel.serve.cohort.sheets import column_options
from cartwheel.serve.pages.jobs import job_words, owner_of
from cartwheel.serve.rendering import asked_by_htmx, fragment, page
from cartwheel.serve.services import Services, services
from cartwheel.store.drafts import draft_of, keep_draft
from cartwheel.store.kept_jobs import job_of


@dataclass(frozen=True, slots=True)
class Shown:
    """What the form of a plan shows.

    Parameters
    ----------
    words : mapping
        For the template.
    place : function
        Puts problems beside the fields of the form.
    problems : tuple of Problem
        Of what the plan names, such as a score that cannot be read.
    gone : function
        Tells whether a field is not chosen any more: what a last run said of it is left out.
    files : tuple of str
        Ids of what the job reads beside the sheet.
    """

    words: Mapping[str, Any]
    place: Callable[[tuple[Problem, ...]], Placed]
    problems: tuple[Problem, ...] = ()
    gone: Callable[[str], bool] = field(default=lambda _: False)
    files: tuple[str, ...] = ()


class PlanInWork(ABC):
    """A plan in work beside a checked sheet.

    Parameters
    ----------
    request : Request
        Of its page.
    who : Person
        Who works on it.
    check_id : str
        The check of the sheet.

    Raises
    ------
    FileRefused
        ``no_such_job`` where there is no such check for this person.
    """

    way: ClassVar[str]  # where its pages stand: ``/cohort``
    leaf: ClassVar[str]  # the plan's own page below the check
    room: ClassVar[str]  # of the templates
    draft: ClassVar[str]
    kind: ClassVar[str]  # of the job that follows the plan
    key: ClassVar[str]  # of the job's request: the plan as text, or as data
    head: ClassVar[Mapping[str, Any]]
    deed: ClassVar[str]  # on the button that follows the plan, and beside it
    deed_about: ClassVar[str]

    def __init__(self, request: Request, who: Person, check_id: str) -> None:
        self.request, self.who = request, who
        self.job = check_of(self.known, check_id, owner_of(who))

    @property
    def known(self) -> Services:
        """Services of the server."""
        return services(self.request)

    @property
    def sheet(self) -> CheckedSheet:
        """The sheet as it was checked."""
        return checked_sheet(self.known.store, self.job)

    @property
    def address(self) -> str:
        """Where its page is."""
        return f"{self.way}/{self.job.id}{self.leaf}"

    @abstractmethod
    def written(self, data: Mapping[str, Any], fields: Fields) -> dict[str, Any]:
        """Write what a form says into the plan.

        Parameters
        ----------
        data : mapping
            The plan up to now.
        fields : Fields
            As sent.

        Returns
        -------
        dict
            Not checked.
        """

    @abstractmethod
    def checked(self, data: Mapping[str, Any]) -> tuple[Problem, ...]:
        """Check the plan as far as it can be without the sheet.

        Parameters
        ----------
        data : mapping
            The plan.

        Returns
        -------
        tuple of Problem
        """

    @abstractmethod
    def shown(self, data: Mapping[str, Any], wanted: str) -> Shown:
        """Give what the form shows.

        Parameters
        ----------
        data : mapping
            The plan.
        wanted : str
            Part of a name that somebody looks for; empty for all.

        Returns
        -------
        Shown
        """

    def begun(self) -> dict[str, Any]:
        """Begin the plan: what the sheet itself says, and what was said of it.

        Returns
        -------
        dict
        """
        asked = self.job.request
        declared, book_sheet = asked.get("declarations", ()), str(asked.get("sheet", ""))
        made = first_plan(self.sheet, declared, book_sheet, self.head)
        if asked.get("id"):
            made["cohort"]["id"] = str(asked["id"])
        return made

    def page(self, wanted: str, after: str, *, is_aloud: bool) -> Response:
        """Show the plan as a form and as TOML.

        Parameters
        ----------
        wanted : str
            Part of a name that somebody looks for.
        after : str
            Id of a run that was refused, and led back here.
        is_aloud : bool
            Whether somebody wanted to go on, and what is not said is said aloud.

        Returns
        -------
        Response
        """
        words = self._words(self._text(), wanted, after)
        if is_aloud:
            words["found"] = words["found"].aloud()
        template = f"{self.room}/plan.html"
        return page(self.request, template, **words, said=is_aloud or bool(after))

    def edit(self, fields: Fields) -> Response:
        """Take an edit of the form or of the TOML, keep it, and give the other one.

        Parameters
        ----------
        fields : Fields
            As sent.

        Returns
        -------
        Response
        """
        text, wanted = self._edited(fields), fields.one("q")
        if not asked_by_htmx(self.request):
            query = f"?{urlencode({'q': wanted})}" if wanted else ""
            return RedirectResponse(f"{self.address}{query}", 303)
        is_toml = self.request.headers.get("hx-target") == "plan-form"
        template = f"{self.room}/plan_form.html" if is_toml else "cohort/plan_whole.html"
        words = self._words(text, wanted, fields.one("after"))
        return fragment(self.request, template, **words, said=False)

    def run(self, fields: Fields) -> Response:
        """Follow the plan, if nothing is left to be said.

        Parameters
        ----------
        fields : Fields
            As sent.

        Returns
        -------
        Response
        """
        text = self._edited(fields)
        unsaid = RedirectResponse(f"{self.address}?said=1", 303)
        try:
            data = read_draft(text)
        except PlanRefused:
            return unsaid
        shown = self.shown(data, "")
        if shown.problems or self.checked(data):
            return unsaid
        kept = sheet_file(self.known, self.job)
        title = value_at(data, "title") or shown.words["question"]
        request = {"file": kept.id, self.key: data if self.key == "plan" else text}
        asked = self.known.queue.ask(
            self.job.owner, self.kind, title, request, [kept.id, *shown.files]
        )
        return RedirectResponse(f"{self.way}/{self.job.id}/run/{asked.id}", 303)

    def run_page(self, job_id: str) -> Response:
        """Show how far a run is, then its report; a refused one leads back to the plan.

        Parameters
        ----------
        job_id : str
            Of the run.

        Returns
        -------
        Response

        Raises
        ------
        FileRefused
            ``no_such_job``, also where it is of another kind.
        """
        job = job_of(self.known.store, job_id, owner_of(self.who))
        if job.kind != self.kind:
            raise refuse(
                FileRefused,
                "no_such_job",
                "this is no run of a plan",
                where="the address",
                mend="open it under Results",
            )
        if job.state == "refused":
            return RedirectResponse(f"{self.address}?after={job.id}", 303)
        words = job_words(self.request, job)
        return page(
            self.request,
            f"{self.room}/run.html",
            **words,
            made={one.name: one.id for one in words["outputs"]},
            back=self.address,
            here=f"{self.way}/{self.job.id}/run/{job_id}",
            check_id=self.job.id,
        )

    def _text(self) -> str:
        kept = draft_of(self.known.store, self.job.id, self.draft)
        return draft_text(self.begun()) if kept is None else kept

    def _edited(self, fields: Fields) -> str:
        """Give the plan after an edit: of the TOML where its text has changed, else of the form."""
        text = fields.text("toml") if fields.has("toml") else self._text()
        if sha256(text) == fields.one("was") or not fields.has("toml"):
            try:
                data = read_draft(text)
            except PlanRefused:
                pass  # it stands as it was written
            else:
                text = draft_text(self.written(data, fields))
        keep_draft(
            self.known.store, owner=self.job.owner, job_id=self.job.id, name=self.draft, text=text
        )
        return text

    def _words(self, text: str, wanted: str, after: str) -> dict[str, Any]:
        """Gather what the page of the plan shows."""
        data, unread = _read(text)
        sheet, shown = self.sheet, self.shown(data, wanted)
        found = Placed({}, (), tuple(("toml", one) for one in unread))
        lines: dict[Problem, str] = {}
        if not unread:
            problems = self.checked(data)
            told = with_lines(problems, text)
            lines = {one: two.where for one, two in zip(problems, told, strict=True)}
            found = shown.place((*shown.problems, *problems))
            if after and not problems:
                last = job_of(self.known.store, after, owner_of(self.who)).problems
                found = shown.place((*shown.problems, *last)).without(shown.gone)
        return {
            "job": self.job,
            "sheet": sheet,
            "edit_address": f"{self.way}/{self.job.id}/plan",
            "run_address": f"{self.way}/{self.job.id}/run",
            "form": f"{self.room}/plan_form.html",
            "deed": self.deed,
            "deed_about": self.deed_about,
            "toml": text,
            "was": sha256(text),
            "readable": not unread,
            "found": found,
            "lines": lines,
            "q": wanted,
            "after": after,
            "time_units": [(unit, unit) for unit in TIME_UNITS],
            "options": column_options(sheet),
            "event": sheet.at(value_at(data, "outcome.event")),
            **shown.words,
        }


def _read(text: str) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    try:
        return read_draft(text), ()
    except PlanRefused as refused:
        return {}, refused.problems
