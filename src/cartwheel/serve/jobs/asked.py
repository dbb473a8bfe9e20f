"""What a job was asked, read strictly: every key is known, every file is one of the job's own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from cartwheel.clinic.plan_file import plan_data
from cartwheel.clinic.registry import not_computable_problem, registry, shipped_text
from cartwheel.clinic.score import ScoreSpec, read_score
from cartwheel.errors import PlanRefused, Problem, ScoreRefused, refuse

Value = TypeVar("Value")
_PLAN = "plan.toml"


class Asked:
    """The request of a job.

    Parameters
    ----------
    folder : Path
        Where its files stand.
    request : mapping
        As asked; ``names`` says which file, by its id, has which name.
    known : iterable of str
        Keys that this kind of job reads.

    Raises
    ------
    PlanRefused
        ``unknown_key``, for each other key.
    """

    def __init__(self, folder: Path, request: Mapping[str, Any], known: Iterable[str]) -> None:
        self.folder, self.data = folder, {**request}
        self.names: dict[str, str] = dict(self.data.pop("names", {}))
        keys = tuple(known)
        problems = [
            Problem("unknown_key", "this is not known here", str(key)[:60], _nearest(key, keys))
            for key in self.data
            if key not in keys
        ]
        if problems:
            raise PlanRefused(problems)

    def has(self, key: str) -> bool:
        """Tell whether something is said under a key."""
        return self.data.get(key) is not None

    def path(self, key: str = "file") -> Path:
        """Find the file that a key names by its id.

        Parameters
        ----------
        key : str
            Of the request.

        Returns
        -------
        Path

        Raises
        ------
        PlanRefused
            ``no_file`` where none is named, or not one of the job's.
        """
        return self.path_of(self.data.get(key), key)

    def path_of(self, file_id: object, where: str) -> Path:
        """Find a file by its id.

        Parameters
        ----------
        file_id : object
            As it stands in the request.
        where : str
            Of the refusal.

        Returns
        -------
        Path

        Raises
        ------
        PlanRefused
            ``no_file``.
        """
        name = self.names.get(file_id) if isinstance(file_id, str) else None
        if name is None:
            raise refuse(
                PlanRefused,
                "no_file",
                "a file is needed here",
                where=where,
                mend="upload the file, and name it by its id",
            )
        return self.folder / name

    def take_each(self, key: str, kind: type[Value]) -> tuple[Value, ...]:
        """Read a list of records strictly.

        Parameters
        ----------
        key : str
            Of the request.
        kind : type
            A dataclass.

        Returns
        -------
        tuple
            Empty where nothing is said.

        Raises
        ------
        PlanRefused
            ``bad_value``, ``unknown_key``.
        """
        given = self.data.get(key)
        for place, value in enumerate(given if isinstance(given, list) else (), start=1):
            _check_keys(kind, value, f"{key}[{place}]")
        return tuple(self.take(key, list[kind], []))  # type: ignore[valid-type]

    def take(self, key: str, kind: type[Value] | Any, otherwise: Any = None) -> Any:
        """Read the value of a key strictly.

        Parameters
        ----------
        key : str
            Of the request.
        kind : type
            What it must be; nothing is converted: ``"5"`` is no number, ``false`` is not 0.
        otherwise : object
            Where nothing is said.

        Returns
        -------
        object
            Of that type.

        Raises
        ------
        PlanRefused
            ``bad_value``, one a fault.
        """
        if self.data.get(key) is None:
            return otherwise
        _check_keys(kind, self.data[key], key)
        try:
            # JSON mode: a list may be a tuple, and an object a dataclass, and nothing else changes
            return TypeAdapter(kind).validate_json(json.dumps(self.data[key]), strict=True)
        except ValidationError as error:
            raise PlanRefused(
                Problem("bad_value", str(one["msg"]), _place(key, one["loc"]), "correct it")
                for one in error.errors(include_input=False, include_url=False)
            ) from None

    def plan(self) -> dict[str, Any]:
        """Read a plan under ``plan`` as data, or under ``plan_toml``.

        Returns
        -------
        dict
            Not checked yet.

        Raises
        ------
        PlanRefused
            ``no_plan``, ``two_plans``, ``not_toml``.
        """
        data, text = self.take("plan", dict[str, Any]), self.take("plan_toml", str)
        if data is not None and text is not None:
            raise refuse(
                PlanRefused,
                "two_plans",
                "the plan is given twice",
                where="plan",
                mend="give it once",
            )
        if text is not None:
            # beside the folder of the files, where no upload can have taken the name
            path = self.folder.resolve().parent / _PLAN
            path.write_text(text, encoding="utf-8")
            data = plan_data(path, where=_PLAN, otherwise="write it again")
        if data is None:
            raise refuse(
                PlanRefused,
                "no_plan",
                "there is no plan",
                where="plan",
                mend="say what is to be done",
            )
        return dict(data)

    def cohort_plan(self) -> dict[str, Any]:
        """Read the plan of a job on a cohort: a ``sheet`` that is asked for wins over the plan's.

        Returns
        -------
        dict
            Not checked yet.

        Raises
        ------
        PlanRefused
            As of `plan`.
        """
        data, sheet = self.plan(), self.take("sheet", str | int)
        cohort = data.get("cohort", {})
        if sheet is None or not isinstance(cohort, dict):
            return data
        return {**data, "cohort": {**cohort, "sheet": str(sheet)}}

    def pool_plan(self) -> dict[str, Any]:
        """Read the plan of a pooling, if there is one: ``prisma`` becomes the path of its file.

        Returns
        -------
        dict
            Not checked yet.

        Raises
        ------
        PlanRefused
            As of `plan`, and ``no_file``.
        """
        data = self.plan() if self.has("plan") or self.has("plan_toml") else {}
        if self.has("sheet"):
            data["sheet"] = str(self.take("sheet", str | int))
        if data.get("prisma") is not None:
            data["prisma"] = str(self.path_of(data["prisma"], "prisma"))
        return data

    def scores_of(self, data: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str | Path]]:
        """Find out which scores a plan of a validation names; no file is read.

        Parameters
        ----------
        data : mapping
            From `cohort_plan`.

        Returns
        -------
        (dict, dict)
            The plan, naming files without their folder; and each score by its name there, as of
            `score_source`.

        Raises
        ------
        PlanRefused
            As of `spec`.
        """
        given = data.get("scores")
        if not isinstance(given, list):
            return dict(data), {}
        found: dict[str, str | Path] = {}
        written: list[object] = []
        by_name = {name: file_id for file_id, name in self.names.items()}
        for place, item in enumerate(given, start=1):
            if not isinstance(item, dict) or "score" not in item:
                written.append(item)
                continue
            said = item["score"]
            if isinstance(said, str) and said in by_name:
                said = {"file": by_name[said]}
            source = self.score_source(said, f"scores[{place}]")
            name = source if isinstance(source, str) else source.name
            found[name] = source
            written.append({**item, "score": name})
        return {**data, "scores": written}, found

    def spec(self, said: object, where: str = "score") -> tuple[str, ScoreSpec]:
        """Read a score: the id of one that cartwheel carries, or ``{"file": ID}``.

        Parameters
        ----------
        said : object
            As it stands in the request.
        where : str
            Of the refusal.

        Returns
        -------
        (str, ScoreSpec)
            Its id or the name of its file, and the score.

        Raises
        ------
        PlanRefused
            ``no_score`` where it is neither. A path on the server is neither.
        FileRefused, ScoreRefused
            The file is no sound score.
        """
        source = self.score_source(said, where)
        return source if isinstance(source, str) else source.name, read_source(source)

    def score_source(self, said: object, where: str = "score") -> str | Path:
        """Find out which score is meant; its file is not read.

        Parameters
        ----------
        said, where
            As of `spec`.

        Returns
        -------
        str or Path
            The id of one that cartwheel carries, or a file of the job's own.

        Raises
        ------
        PlanRefused
            As of `spec`.
        """
        if isinstance(said, Mapping) and set(said) == {"file"}:
            return self.path_of(said["file"], where)
        if isinstance(said, str) and said in registry():
            return said
        named = f"'{said[:60]}'" if isinstance(said, str) else "this"
        raise refuse(
            PlanRefused,
            "no_score",
            f"{named} is no score that cartwheel carries",
            where=where,
            mend="name a score of the library, or upload a score file",
        )


def read_source(source: str | Path) -> ScoreSpec:
    """Read a score; no file takes the place of one that cartwheel carries.

    Parameters
    ----------
    source : str or Path
        As of `Asked.score_source`.

    Returns
    -------
    ScoreSpec

    Raises
    ------
    ScoreRefused
        ``not_computable``, and what reading refuses.
    """
    if isinstance(source, Path):
        return read_score(source)
    entry = registry()[source]
    if not entry.computable:
        raise ScoreRefused(not_computable_problem(entry))
    # the text, not the id: an upload, or a file in the server's folder, may bear its name
    return read_score(shipped_text(source))


def _check_keys(kind: Any, value: object, key: str) -> None:
    """Refuse what a record does not have: pydantic would leave it aside without a word."""
    if not (is_dataclass(kind) and isinstance(value, Mapping)):
        return
    known = tuple(field.name for field in fields(kind))
    problems = [
        Problem(
            "unknown_key", "this is not known here", f"{key}.{name}"[:80], _nearest(name, known)
        )
        for name in value
        if name not in known
    ]
    if problems:
        raise PlanRefused(problems)


def _nearest(key: object, known: tuple[str, ...]) -> str:
    near = get_close_matches(str(key), known, 1)
    return f"did you mean '{near[0]}'?" if near else "known: " + ", ".join(known)


def _place(key: str, steps: tuple[object, ...]) -> str:
    return ".".join(str(step) for step in (key, *steps))
