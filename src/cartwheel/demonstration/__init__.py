"""The simulated cohorts and plans that ``cartwheel demo`` runs on. No patient in them is real."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).resolve().parent


def cohort_path() -> Path:
    """Say where the simulated myeloma cohort lies: 197 made-up patients, one a row.

    Returns
    -------
    pathlib.Path
        A CSV file in UTF-8; units are in the column names, a missing value is an empty cell.

    Notes
    -----
    What is published and what is assumed about it: ``README.md`` beside the file.
    """
    return _FOLDER / "simulated_myeloma_197.csv"


def plan_path() -> Path:
    """Say where the plan for the simulated cohort lies.

    Returns
    -------
    pathlib.Path
        A TOML file for ``cartwheel develop --plan``.
    """
    return _FOLDER / "plan_simulated_myeloma.toml"


def second_cohort_path() -> Path:
    """Say where the cohort of the second simulated centre lies: 140 made-up patients.

    Returns
    -------
    pathlib.Path
        A CSV file with the columns of the first; made by the same script with another seed.
    """
    return _FOLDER / "simulated_myeloma_140_second_centre.csv"


def second_plan_path() -> Path:
    """Say where the plan of the second centre's validation lies.

    Returns
    -------
    pathlib.Path
        A TOML file for ``cartwheel validate --plan``; it names the score file of the development
        without a folder.
    """
    return _FOLDER / "plan_simulated_second_centre.toml"
