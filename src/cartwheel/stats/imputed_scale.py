"""How a column stands in the imputation models, and the way back to the values it had."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ImputedScale:
    """How one column is imputed.

    Parameters
    ----------
    kind : str
        ``number`` (matched to donors), ``binary`` or ``category`` (drawn from a logistic model).
    scale : str
        ``none``, ``log2`` or ``sqrt``: on which a number stands in the imputation models.
    known : float array (k,)
        Its different values, rising.
    coded : float array (k,)
        The same as the imputation knows them; 0 to k - 1 for a category.
    """

    kind: str
    scale: str
    known: Floats
    coded: Floats

    def place(self, imputed: Floats) -> NDArray[np.intp]:
        """Find the place in ``known`` of imputed values, as ``impute_fast`` gives them."""
        if self.kind == "number":
            return np.searchsorted(self.coded, imputed)
        return imputed.astype(np.intp)

    def original(self, imputed: Floats) -> Floats:
        """Turn imputed values back: donors' own values, to the last digit."""
        return self.known[self.place(imputed)]

    def code(self, values: Floats) -> Floats:
        """Turn a column into what the imputation knows; nan where missing.

        Parameters
        ----------
        values : float array (n,)
            Each one of ``known``, or nan.

        Returns
        -------
        float array (n,)
        """
        column = np.full(len(values), np.nan)
        there = ~np.isnan(values)
        column[there] = self.coded[np.searchsorted(self.known, values[there])]
        return column


def scale_of(known: Floats, *, transform: str = "none", category: bool = False) -> ImputedScale:
    """Choose how a column is imputed from its different values.

    Parameters
    ----------
    known : float array (k,)
        Its different values, rising.
    transform : {"none", "log2", "sqrt"}
        Scale on which a number is imputed.
    category : bool
        Whether its values are codes without order.

    Returns
    -------
    ImputedScale
        Two different values are a category, whatever they are.
    """
    if known.tolist() == [0.0, 1.0]:
        return ImputedScale("binary", "none", known, np.arange(2.0))
    if category or len(known) == 2:
        return ImputedScale("category", "none", known, np.arange(float(len(known))))
    if transform == "log2":
        return ImputedScale("number", "log2", known, np.log2(known))
    if transform == "sqrt":
        return ImputedScale("number", "sqrt", known, np.sqrt(known))
    return ImputedScale("number", "none", known, known)
