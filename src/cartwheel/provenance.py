"""Where a result comes from: software, data, plan and seed.

Nothing that changes from run to run.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import PurePath

LIBRARIES = ("numpy", "pandas", "scipy")
SIMULATED = "SIMULATED DATA: not real patients"


def named_simulated(name: str) -> bool:
    """Keep the word: a file named simulated is simulated, whatever else is forgotten.

    Parameters
    ----------
    name : str
        Of a file; its folder does not count.

    Returns
    -------
    bool
    """
    return "simulated" in PurePath(name).name.lower()


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a result was made from, and with what.

    Parameters
    ----------
    cartwheel : str
        Version of cartwheel.
    data_sha256 : str
        Hash of the cohort file's bytes, ``sha256:<hex>``, or of the frame handed over in Python.
    data_name : str
        File name without its folder.
    plan_sha256 : str
        Hash of the plan's canonical JSON.
    seed : int
        Seed of every random stream.
    libraries : dict of str to str
        Versions of the numerical libraries.
    """

    cartwheel: str
    data_sha256: str
    data_name: str
    plan_sha256: str
    seed: int
    libraries: dict[str, str]


def library_versions(names: tuple[str, ...] = LIBRARIES) -> dict[str, str]:
    """Installed version of each library; those not installed are left out.

    Parameters
    ----------
    names : tuple of str
        Names of distributions; by default numpy, pandas and scipy.

    Returns
    -------
    dict of str to str
        Name to version, in the order asked.
    """
    found: dict[str, str] = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
