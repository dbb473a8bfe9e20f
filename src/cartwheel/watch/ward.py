"""The ward file: what a ward follows, how old a value may be, and what it states of its patients.

Nothing is taken for granted: a name that nobody asks for, an unknown unit, an age that is missing
are refused, all at once, with their places.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cartwheel.canonical import canonical_json, sha256
from cartwheel.clinic.dictionary import nearest_names
from cartwheel.clinic.grading import GRADING_RULES
from cartwheel.errors import FileRefused, PlanRefused, Problem, Refused, refuse
from cartwheel.watch.alert_rules import AlertRule, alert_rules
from cartwheel.watch.drift_followed import FollowedRisk, followed_risks
from cartwheel.watch.grades import grade_target
from cartwheel.watch.observation import NameKind, names_known
from cartwheel.watch.policy import Policy, whole_max_age
from cartwheel.watch.scores import ScoreTarget, score_names
from cartwheel.watch.targets import Target
from cartwheel.watch.ward_scores import names_followed, scores_followed, texts_of
from cartwheel.watch.ward_values import (
    assumed_of,
    constants_of,
    max_ages_of,
    systolic_of,
    time_zone_problem,
)

SCHEMA = "cartwheel/ward/1"
_KEYS = (
    "schema", "ward", "time_zone", "grades", "scores", "score", "landmark_models", "max_age_hours",
    "assumed", "hypotension", "constants", "alert", "calibration",
)  # fmt: skip
_LARGEST_FILE = 1_000_000


@dataclass(frozen=True)
class Ward:
    """What a ward follows.

    Parameters
    ----------
    ward : str
        What it is called.
    time_zone : str
        IANA name, for messages that state no offset.
    targets : tuple of Target
        What is asked of every patient, in the order in which it is shown.
    policy : Policy
        Ages, assumptions and limits.
    alerts : tuple of AlertRule
        When somebody is told.
    names : mapping of str to str
        Every name that an observation may have here, and the kind of its value.
    identity : str
        SHA-256 of what the file says and of the versions of all it names: another identity can mean
        other answers to the same values.
    risks : tuple of FollowedRisk
        Which risks are compared with what followed.
    """

    ward: str
    time_zone: str
    targets: tuple[Target, ...]
    policy: Policy
    alerts: tuple[AlertRule, ...]
    names: Mapping[str, NameKind]
    identity: str
    risks: tuple[FollowedRisk, ...] = ()

    @cached_property
    def asking(self) -> Mapping[str, tuple[Target, ...]]:
        """Targets by the names that they read; a death concerns all of them."""
        found: dict[str, list[Target]] = {"death": list(self.targets)}
        for target in self.targets:
            for name in target.reads - {"death"}:
                found.setdefault(name, []).append(target)
        return MappingProxyType({name: tuple(several) for name, several in found.items()})

    @cached_property
    def ageing(self) -> Mapping[str, timedelta]:
        """Names that some target reads only while they are young enough, and how long that is."""
        found: dict[str, timedelta] = {}
        for target in self.targets:
            for name in target.reads - target.ageless:
                age = self.policy.age_of(name)
                if age is not None:
                    found[name] = age
        return MappingProxyType(found)

    @cached_property
    def turning_days(self) -> tuple[float, ...]:
        """Days since the infusion at which some answer can change though nothing came in."""
        return tuple(sorted({day for target in self.targets for day in target.turning_days}))

    def target(self, target_id: str) -> Target | None:
        """Look a target up by its id; None where the ward does not follow it."""
        return next((one for one in self.targets if one.id == target_id), None)


def read_ward(path: str | os.PathLike[str], more_targets: Sequence[Target] = ()) -> Ward:
    """Read a ward file.

    Parameters
    ----------
    path : path
        TOML; paths in it are relative to its folder.
    more_targets : sequence of Target
        Landmark models, one for each that the file names; they are made one floor above.

    Returns
    -------
    Ward

    Raises
    ------
    FileRefused
        There is no such file, or it is too large or no TOML.
    PlanRefused
        Everything that is wrong with it.
    """
    return ward_of(ward_document(path), Path(path).parent, more_targets)


def ward_document(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a ward file as plain data.

    Parameters
    ----------
    path : path
        TOML.

    Returns
    -------
    dict
        Numbers with a decimal point are Decimals, as written.

    Raises
    ------
    FileRefused
        ``file_missing``, ``too_large`` or ``not_toml``.
    """
    file = Path(path)
    try:
        if file.stat().st_size > _LARGEST_FILE:
            raise refuse(FileRefused, "too_large", "too large for a ward file", where=file.name)
        text = file.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise refuse(
            FileRefused, "file_missing", "there is no such ward file, or it is not text in UTF-8",
            where=file.name, mend="begin from the example: cartwheel monitor example",
        ) from None  # fmt: skip
    return _document(text, file.name)


def ward_text_document(content: bytes) -> dict[str, Any]:
    """Read the text of a ward file as plain data, as the log keeps it.

    Parameters
    ----------
    content : bytes
        TOML, in UTF-8.

    Returns
    -------
    dict
        As of `ward_document`.

    Raises
    ------
    FileRefused
        ``not_toml``.
    """
    return _document(content.decode("utf-8-sig", "replace"), "ward file")


def _document(text: str, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise refuse(
            FileRefused, "not_toml", f"this is not TOML: {error}", where=where,
            mend="mend the line named",
        ) from None  # fmt: skip


def ward_of(document: Mapping[str, Any], folder: Path, more_targets: Sequence[Target] = ()) -> Ward:
    """Check what a ward file says, and make the ward of it.

    Parameters
    ----------
    document : mapping
        As `ward_document` reads it.
    folder : Path
        Where relative paths of scores begin.
    more_targets : sequence of Target
        Landmark models, one for each that the file names.

    Returns
    -------
    Ward

    Raises
    ------
    PlanRefused
        Everything found: ``unknown_key``, ``missing_key``, ``bad_value``, ``rule_unknown``,
        ``unknown_score``, ``unknown_parameter``, ``unknown_option``, ``name_unknown``,
        ``target_twice``, ``landmark_models_not_built``, ``time_zone_unknown``, and what the alerts'
        reader finds.
    """
    problems: list[Problem] = [*_strange_keys(document), *_heading(document)]
    targets = [*_grades(document, problems), *scores_followed(document, folder, problems)]
    targets += more_targets
    problems += _target_problems(document, targets, more_targets)
    names = dict(names_known())
    for one in targets:
        if isinstance(one, ScoreTarget):
            names |= score_names(one.spec)
    policy = _policy(document, names, targets, problems)
    alerts = _alerts(document, tuple(targets), names, problems)
    risks = _risks(document, targets, problems)
    if problems:
        raise PlanRefused(problems)
    versions = [(one.id, one.version, _score_sum(one)) for one in targets]
    return Ward(
        ward=str(document["ward"]),
        time_zone=str(document["time_zone"]),
        targets=tuple(targets),
        policy=policy,
        alerts=alerts,
        names=MappingProxyType(names),
        identity=sha256(canonical_json({"file": document, "targets": versions})),
        risks=risks,
    )


def _score_sum(target: Target) -> str:
    return target.spec.identity if isinstance(target, ScoreTarget) else ""


def _strange_keys(document: Mapping[str, Any]) -> list[Problem]:
    return [
        Problem("unknown_key", "this key is not known", str(key)[:60], nearest_names(key, _KEYS))
        for key in document
        if key not in _KEYS
    ]


def _heading(document: Mapping[str, Any]) -> list[Problem]:
    found = []
    if document.get("schema") != SCHEMA:
        what = "the schema is missing" if "schema" not in document else "this schema is not known"
        found.append(Problem("bad_schema", what, "schema", f'write schema = "{SCHEMA}"'))
    name = document.get("ward")
    if not isinstance(name, str) or not name.strip() or len(name) > 100:
        mend = 'write ward = "what the ward is called"'
        found.append(Problem("missing_key", "the ward has no name", "ward", mend))
    problem = time_zone_problem(document.get("time_zone"))
    return found if problem is None else [*found, problem]


def _grades(document: Mapping[str, Any], problems: list[Problem]) -> list[Target]:
    found: list[Target] = []
    for name in texts_of(document, "grades", problems):
        if name in GRADING_RULES:
            found.append(grade_target(name))
            continue
        mend = f"{nearest_names(name, GRADING_RULES)} (cartwheel grade --list)"
        what = f"'{name[:40]}' is not a grading rule"
        problems.append(Problem("rule_unknown", what, "grades", mend))
    return found


def _target_problems(
    document: Mapping[str, Any], targets: Sequence[Target], more: Sequence[Target]
) -> list[Problem]:
    found: list[Problem] = []
    ids = [one.id for one in targets]
    for name in dict.fromkeys(one for one in ids if ids.count(one) > 1):
        what = f"'{name[:40]}' is followed twice"
        found.append(Problem("target_twice", what, "grades, scores", "name it once"))
    models = texts_of(document, "landmark_models", found)
    if len(models) != sum(one.kind == "landmark" for one in more):
        what = f"{len(models)} landmark models are named and were not built by this reader"
        mend = "read the ward file with cartwheel.workflows.monitor"
        found.append(Problem("landmark_models_not_built", what, "landmark_models", mend))
    named = any(document.get(key) for key in ("grades", "scores", "score", "landmark_models"))
    if not targets and not named:
        mend = 'name at least one: grades = ["astct-crs"]'
        found.append(Problem("missing_key", "the ward follows nothing", "grades", mend))
    return found


def _policy(
    document: Mapping[str, Any],
    names: Mapping[str, NameKind],
    targets: Sequence[Target],
    problems: list[Problem],
) -> Policy:
    default, ages = max_ages_of(document.get("max_age_hours"), names, problems)
    return Policy(
        default_age=default,
        max_age=MappingProxyType(whole_max_age(ages, names)),
        assumed=MappingProxyType(assumed_of(document.get("assumed", {}), targets, problems)),
        constants=MappingProxyType(constants_of(document.get("constants", {}), names, problems)),
        systolic_below=systolic_of(document.get("hypotension"), problems),
    )


def _alerts(
    document: Mapping[str, Any],
    targets: tuple[Target, ...],
    names: Mapping[str, NameKind],
    problems: list[Problem],
) -> tuple[AlertRule, ...]:
    try:
        return alert_rules(document.get("alert", []), targets, names, names_followed(document))
    except Refused as refused:
        problems += refused.problems
        return ()


def _risks(
    document: Mapping[str, Any], targets: Sequence[Target], problems: list[Problem]
) -> tuple[FollowedRisk, ...]:
    try:
        return followed_risks(document, targets)
    except Refused as refused:
        problems += refused.problems
        return ()
