"""The same analysis as a program in R: it reads the same file and prints the same numbers.

A way out: whoever trusts R more than this library runs the program and compares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cartwheel.clinic.score_spec import ScoreSpec
from cartwheel.errors import FileRefused, refuse
from cartwheel.report.r_script.development import development_script
from cartwheel.report.r_script.validation import validation_script

__all__ = ["r_script"]


def r_script(
    document: Mapping[str, Any],
    scores: Sequence[ScoreSpec] = (),
    *,
    data_name: str | None = None,
) -> str:
    """Write the R program that repeats a result.

    Parameters
    ----------
    document : mapping
        JSON of a development, a validation or a pool.
    scores : sequence of ScoreSpec
        The score files of a validation, in the order of its plan; not used otherwise.
    data_name : str, optional
        File that the program reads unless it is told another; by default the one that the result
        names.

    Returns
    -------
    str
        To be run by ``Rscript PROGRAM [FILE] [RESAMPLES]``. It prints a table ``place,value,
        rests_on``, in which a place is that of the number in the JSON. What rests on ``data``
        equals the JSON; what rests on ``random numbers`` does so within their error.

    Raises
    ------
    FileRefused
        ``no_r_script`` for another kind of result; ``scores_missing`` where a validation comes
        without its score files; ``result_broken`` where parts are missing.
    """
    kind = str(document.get("kind"))
    result = document.get("result") or {}
    if kind == "validate":
        _all_scores(result, scores)
    if kind == "pool" and result.get("r_script"):
        return str(result["r_script"])
    try:
        if kind == "develop":
            return development_script(document, data_name)
        if kind == "validate":
            return validation_script(document, scores, data_name)
    except (LookupError, TypeError, ValueError, AttributeError, StopIteration):
        raise refuse(
            FileRefused,
            "result_broken",
            "parts of the result that the program is written from are missing or of another kind",
            mend=f"write it again with: cartwheel {kind} ... --json FILE",
        ) from None
    raise refuse(
        FileRefused,
        "no_r_script",
        f"there is no R program for a result of '{kind[:24]}'",
        mend="programs are written for: develop, validate, pool",
    )


def _all_scores(result: Mapping[str, Any], scores: Sequence[ScoreSpec]) -> None:
    said = [row.get("sha256") for row in result.get("scores") or ()]
    if [spec.identity for spec in scores] != said:
        raise refuse(
            FileRefused,
            "scores_missing",
            f"the program needs the {len(said)} score files that were validated, unchanged",
            mend="give them in the order of the plan",
        )
