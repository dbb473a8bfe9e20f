"""Open a ward file with all that it names; models of many libraries only where it names one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from cartwheel.watch.observation import MILESTONES
from cartwheel.watch.targets import Target
from cartwheel.watch.ward import Ward, ward_document, ward_of


def open_ward(path: str | PathLike[str]) -> Ward:
    """Read a ward file with the landmark models that it names.

    Parameters
    ----------
    path : path
        TOML; paths in it are relative to its folder.

    Returns
    -------
    Ward

    Raises
    ------
    FileRefused
        There is no such file, or it is too large or no TOML.
    PlanRefused
        Everything that is wrong with it, and with the models.
    """
    document, folder = ward_document(path), Path(path).parent
    return ward_of(document, folder, _models(document, folder))


def models_of(path: str | PathLike[str]) -> tuple[Target, ...]:
    """Read only the landmark models of a ward file, for whoever reads the rest.

    Parameters
    ----------
    path : path
        Of the ward file.

    Returns
    -------
    tuple of LandmarkTarget
        ``more_targets`` of `cartwheel.watch.ward.read_ward`.
    """
    return _models(ward_document(path), Path(path).parent)


def _models(document: Mapping[str, Any], folder: Path) -> tuple[Target, ...]:
    if not document.get("landmark_models"):
        return ()
    # numpy and pandas are behind it
    from cartwheel.workflows.monitor_models import landmark_targets  # noqa: PLC0415

    return landmark_targets(document, folder)


def is_simulated(target: Target) -> bool:
    """Tell whether a score or model was made from simulated patients.

    Parameters
    ----------
    target : Target
        Of a ward.

    Returns
    -------
    bool
    """
    made = getattr(target, "spec", None) or getattr(target, "model", None)
    return bool(getattr(made, "simulated", False))


def is_simulated_ward(ward: Ward) -> bool:
    """Tell whether a score or model of a ward is simulated, or its name says that it is.

    Parameters
    ----------
    ward : Ward
        What is followed.

    Returns
    -------
    bool
    """
    return any(is_simulated(one) for one in ward.targets) or "simulated" in ward.ward.casefold()


def unbrought(ward: Ward, known: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """List what each target reads that nothing can bring.

    Parameters
    ----------
    ward : Ward
        What is followed.
    known : iterable of str
        Names that messages can bring.

    Returns
    -------
    mapping of str to tuple of str
        Target to names; limits that the ward file states, and milestones, are left out. What it
        takes for granted is in it: nothing could ever say otherwise.
    """
    brought = {*known, *ward.policy.constants, *MILESTONES}
    return {
        target.id: tuple(sorted(target.reads - brought))
        for target in ward.targets
        if target.reads - brought
    }
