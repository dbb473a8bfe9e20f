"""How R is written: values, lists, pieces of the program that are kept as files of R."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any

from cartwheel.pooling.account.r_data import comment, r_number, r_text

__all__ = ["comment", "listed", "opening", "piece", "r_number", "r_text", "value", "words"]

_RUN = """\
arguments <- commandArgs(TRUE)
FILE <- if (length(arguments) > 0) arguments[1] else {name}
B <- if (length(arguments) > 1) as.integer(arguments[2]) else {resamples}
SEED <- {seed}
for (package in c({packages}))
  if (!requireNamespace(package, quietly = TRUE))
    stop("this program needs the R package ", package,
      ": install.packages(\\"", package, "\\")", call. = FALSE)
suppressPackageStartupMessages(library(survival))
options(warn = 1)"""

_OF_THE_TABLE = (
    "the reading of values beyond a limit of detection (they stand at the limit), of columns whose "
    "cells carry their own unit, and ties that differ in the fifteenth digit"
)


def piece(name: str) -> str:
    """Read one of the pieces of R that programs are put together from.

    Parameters
    ----------
    name : str
        Of the file, without its ending.

    Returns
    -------
    str
    """
    return (files(__package__) / f"{name}.R").read_text(encoding="utf-8").rstrip()


def value(item: Any) -> str:
    """Write a plain value as R reads it.

    Parameters
    ----------
    item : str, bool, int, float, sequence of these, or None
        None is ``NULL``.

    Returns
    -------
    str
    """
    if item is None:
        return "NULL"
    if isinstance(item, bool):
        return "TRUE" if item else "FALSE"
    if isinstance(item, str):
        return r_text(item)
    if isinstance(item, int | float):
        return r_number(item)
    return f"c({', '.join(value(each) for each in item)})"


def words(items: Iterable[str]) -> str:
    """Write texts as a vector; ``character()`` where there is none.

    Parameters
    ----------
    items : iterable of str
        Any.

    Returns
    -------
    str
    """
    written = ", ".join(r_text(item) for item in items)
    return f"c({written})" if written else "character()"


def listed(fields: Mapping[str, str]) -> str:
    """Write a list with names; fields that are ``NULL`` are left out.

    Parameters
    ----------
    fields : mapping of str to str
        Values as R reads them.

    Returns
    -------
    str
    """
    return ", ".join(f"{name} = {text}" for name, text in fields.items() if text != "NULL")


def opening(
    document: Mapping[str, Any],
    what: str,
    data_name: str | None,
    packages: Sequence[str],
    not_repeated: Iterable[str],
) -> list[str]:
    """Write the head of a program: what it is, how it is run, what it does not repeat.

    Parameters
    ----------
    document : mapping
        The result.
    what : str
        Such as ``development``.
    data_name : str or None
        File to be read; None for the one that the result names.
    packages : sequence of str
        Needed beside base R.
    not_repeated : iterable of str
        Sentences.

    Returns
    -------
    list of str
        Lines.
    """
    result, plan = document["result"], document["plan"]
    provenance = document.get("provenance") or {}
    name = data_name or str(provenance.get("data_name") or "data.csv")
    version = provenance.get("cartwheel", "")
    # no cut-off is searched in a validation
    permuted = " [PERMUTATIONS]" if plan.get("index") else ""
    lines = [
        comment(f"{result.get('title') or what}: the {what} by cartwheel {version}, again in R")
    ]
    if result.get("simulated"):
        lines.append("# SIMULATED DATA: not real patients")
    lines += [
        f"# Run it: Rscript THIS_PROGRAM [FILE.csv] [RESAMPLES]{permuted} > numbers.csv",
        "# It prints place,value,rests_on,mc_error,cartwheel: a place is that of the number in the",
        "# JSON result. What rests on data equals the JSON.",
        comment(f"Data as analysed: {name}, {provenance.get('data_sha256', 'hash not known')}"),
        "# What rests on random numbers differs, for R draws others: mc_error is the Monte-Carlo",
        "# error of the value, cartwheel the number of the JSON. Drawn as often, they hardly ever",
        "# differ by more than 4 * sqrt(2) * mc_error.",
        *(comment(f"Not repeated: {said}") for said in (*not_repeated, _OF_THE_TABLE)),
    ]
    if not name.lower().endswith((".csv", ".tsv", ".txt")):
        lines.append("# The data are no CSV: save the sheet as CSV (UTF-8) first.")
    resamples = (plan.get("resampling") or {}).get("bootstrap", 0)
    head = _RUN.format(
        name=r_text(name),
        resamples=int(resamples),
        seed=int((plan.get("resampling") or {}).get("seed", 0)) % 2**31,
        packages=", ".join(map(r_text, packages)),
    )
    # R on Windows may read a file in another encoding; comments are kept readable in any
    plain = [line.encode("ascii", "replace").decode() for line in lines]
    return [*plain, "", head, ""]
