"""Appraise published numbers: a pooled result without its rows, or a model by what it reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from os import PathLike
from typing import Any

from pydantic import TypeAdapter, ValidationError

from cartwheel import __version__
from cartwheel.canonical import canonical_json, sha256
from cartwheel.clinic.reading import RawTable, read_table, table_from_frame
from cartwheel.errors import PlanRefused, refuse
from cartwheel.pooling.appraisal.claim import Beside, claims_of, read_claim
from cartwheel.pooling.appraisal.external import (
    REFERENCE as OF_VALIDATIONS,
    external_validation,
)
from cartwheel.pooling.appraisal.model import REFERENCES as OF_MODELS, ModelClaim, appraise_model
from cartwheel.pooling.appraisal.pooled import REFERENCES as OF_POOLS, appraise_pooled
from cartwheel.pooling.appraisal.question import check_question
from cartwheel.pooling.appraisal.result import Appraisal, AppraiseFile
from cartwheel.pooling.appraisal.words import PaperWords, check_words
from cartwheel.provenance import Provenance, library_versions
from cartwheel.workflows.json_schema import closed_schema

KIND, SCHEMA = "appraise", "cartwheel/appraise/1"


def appraise(
    source: str | PathLike[str] | Any | None = None,
    *,
    pooled: Sequence[str] = (),
    beside: Beside | None = None,
    rare: bool | None = None,
    model: ModelClaim | None = None,
    words: PaperWords | None = None,
    title: str = "",
) -> AppraiseFile:
    """Say what published numbers imply, and what cannot be known from them.

    Parameters
    ----------
    source : path or data frame, optional
        Table with pooled results.
    pooled : sequence of str
        Pooled results as typed: ``HR 2.15 (1.74-2.66)``.
    beside : Beside, optional
        Studies, patients, I2, p and level that go with them, or that the table leaves open.
    rare : bool, optional
        Whether fewer than about 15 % have the outcome, for the E-value.
    model : ModelClaim, optional
        A prediction model instead.
    words : PaperWords, optional
        How its paper made it, as far as it is said; enough without the model's numbers.
    title : str
        Of the result.

    Returns
    -------
    AppraiseFile

    Raises
    ------
    PlanRefused
        ``nothing_asked`` or ``both_asked``, and what is wrong with the numbers given.
    FileRefused
        The table cannot be read, or holds no pooled result.
    """
    said = beside or Beside()
    check_question(
        pooled=source is not None or bool(pooled), model=model is not None or words is not None
    )
    if words is not None:
        check_words(words)
    table = None if source is None else _table(source)
    claims = [] if table is None else [*claims_of(table, said)]
    claims += [read_claim(text, said) for text in pooled]
    result = _result(claims, rare, model, words, title)
    plan: dict[str, object] = {
        "pooled": list(pooled),
        "beside": asdict(said),
        "rare": rare,
        "model": None if model is None else asdict(model),
        "words": None if words is None else asdict(words),
        "title": title,
    }
    return AppraiseFile(KIND, SCHEMA, _provenance(table, plan), plan, result)


def appraise_again(
    source: str | PathLike[str] | Any | None, plan: Mapping[str, Any]
) -> AppraiseFile:
    """Appraise what the plan of an earlier result says.

    Parameters
    ----------
    source : path, data frame or None
        The table of that result.
    plan : mapping
        Its plan, as plain data.

    Returns
    -------
    AppraiseFile

    Raises
    ------
    PlanRefused
        ``plan_broken`` where it is not such a plan.
    """
    try:
        beside = TypeAdapter(Beside).validate_python(plan["beside"])
        model = TypeAdapter(ModelClaim | None).validate_python(plan.get("model"))
        words = TypeAdapter(PaperWords | None).validate_python(plan.get("words"))
        pooled, rare, title = list(plan["pooled"]), plan.get("rare"), str(plan.get("title", ""))
    except (ValidationError, KeyError, TypeError):
        raise refuse(
            PlanRefused,
            "plan_broken",
            "this is not the plan of an appraisal",
            mend="write the result again with: cartwheel appraise ... --json FILE",
        ) from None
    return appraise(
        source, pooled=pooled, beside=beside, rare=rare, model=model, words=words, title=title
    )


def _result(
    claims: list[Any],
    rare: bool | None,
    model: ModelClaim | None,
    words: PaperWords | None,
    title: str,
) -> Appraisal:
    found = None if model is None else appraise_model(model)
    external = None
    if model is not None and found is not None:
        external = external_validation(found, model.validation)
    of_model = found is not None or words is not None
    references = OF_MODELS if of_model else OF_POOLS
    return Appraisal(
        title=title or ("Appraisal of a model" if of_model else "Appraisal of pooled results"),
        pooled=tuple(appraise_pooled(claim, rare=rare) for claim in claims),
        model=found,
        references=references if external is None else (*references, OF_VALIDATIONS),
        words=words,
        external=external,
    )


def appraise_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the file that ``cartwheel appraise --json`` writes.

    Returns
    -------
    dict
        Every object closed to unknown keys.
    """
    return closed_schema(AppraiseFile, SCHEMA, "Result of cartwheel appraise")


def _table(source: str | PathLike[str] | Any) -> RawTable:
    return read_table(source) if isinstance(source, str | PathLike) else table_from_frame(source)


def _provenance(table: RawTable | None, plan: dict[str, object]) -> Provenance:
    return Provenance(
        cartwheel=__version__,
        data_sha256="" if table is None else table.sha256,
        data_name="" if table is None else table.name,
        plan_sha256=sha256(canonical_json(plan)),
        seed=0,
        libraries=library_versions(),
    )
