"""Which scores a pool of result files is about, and whose numbers are imputed."""

from __future__ import annotations

from collections.abc import Iterable

from cartwheel.pooling.result_studies import Study
from cartwheel.pooling.study.result_validated import IMPUTED, VALIDATION


def validated_scores(studies: Iterable[Study]) -> tuple[str, ...]:
    """Name the scores whose validations are among the rows.

    Parameters
    ----------
    studies : iterable of Study
        Of a pool.

    Returns
    -------
    tuple of str
        Each once, as its rows name it; empty without result files of validations.
    """
    return tuple(dict.fromkeys(study.factor for study in studies if VALIDATION in study.conversion))


def imputed_centres(studies: Iterable[Study]) -> tuple[str, ...]:
    """Name the centres whose numbers are of patients with missing inputs imputed.

    Parameters
    ----------
    studies : iterable of Study
        Of a pool.

    Returns
    -------
    tuple of str
        Each once.
    """
    return tuple(
        dict.fromkeys(study.study for study in studies if VALIDATION + IMPUTED in study.conversion)
    )
