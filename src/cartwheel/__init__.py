"""cartwheel: CAR-T prognostic scores, full circle.

Names load when they are first used, so that ``import cartwheel`` and the command line start at
once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0.dev0"

_EXPORTS = {
    "develop": ("cartwheel.workflows.develop", "develop"),
    "validate": ("cartwheel.workflows.validate", "validate"),
    "landmark": ("cartwheel.workflows.landmark", "landmark"),
    "monitor": ("cartwheel.workflows.monitor", "monitor"),
    "check": ("cartwheel.workflows.check", "check"),
    "suggest_plan": ("cartwheel.workflows.plan", "suggest_plan"),
    "pool": ("cartwheel.workflows.pool", "pool"),
    "score": ("cartwheel.workflows.score", "score"),
    "grade": ("cartwheel.workflows.grade", "grade"),
    "Plan": ("cartwheel.development.planning.plan", "Plan"),
    "PoolPlan": ("cartwheel.pooling.plan", "PoolPlan"),
    "ValidationPlan": ("cartwheel.validation.plan", "ValidationPlan"),
    "PoolFile": ("cartwheel.pooling.result", "PoolFile"),
    "ScoreSpec": ("cartwheel.clinic.score", "ScoreSpec"),
    "read_score": ("cartwheel.clinic.score", "read_score"),
    "Estimate": ("cartwheel.estimate", "Estimate"),
    "CartwheelError": ("cartwheel.errors", "CartwheelError"),
    "Refused": ("cartwheel.errors", "Refused"),
}

__all__ = [
    "CartwheelError",
    "Estimate",
    "Plan",
    "PoolFile",
    "PoolPlan",
    "Refused",
    "ScoreSpec",
    "ValidationPlan",
    "__version__",
    "check",
    "develop",
    "grade",
    "landmark",
    "monitor",
    "pool",
    "read_score",
    "score",
    "suggest_plan",
    "validate",
]

if TYPE_CHECKING:
    from cartwheel.clinic.score import ScoreSpec as ScoreSpec, read_score as read_score
    from cartwheel.development.planning.plan import Plan as Plan
    from cartwheel.errors import CartwheelError as CartwheelError, Refused as Refused
    from cartwheel.estimate import Estimate as Estimate
    from cartwheel.pooling.plan import PoolPlan as PoolPlan
    from cartwheel.pooling.result import PoolFile as PoolFile
    from cartwheel.validation.plan import ValidationPlan as ValidationPlan
    from cartwheel.workflows.check import check as check
    from cartwheel.workflows.develop import develop as develop
    from cartwheel.workflows.grade import grade as grade
    from cartwheel.workflows.landmark import landmark as landmark
    from cartwheel.workflows.monitor import monitor as monitor
    from cartwheel.workflows.plan import suggest_plan as suggest_plan
    from cartwheel.workflows.pool import pool as pool
    from cartwheel.workflows.score import score as score
    from cartwheel.workflows.validate import validate as validate


def __getattr__(name: str) -> Any:
    if name not in _EXPORTS:
        raise AttributeError(f"module 'cartwheel' has no attribute '{name}'")
    module, attribute = _EXPORTS[name]
    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
