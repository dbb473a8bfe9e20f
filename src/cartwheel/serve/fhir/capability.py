"""CapabilityStatement: what this interface takes and tells."""

from __future__ import annotations

from typing import Any

from cartwheel import __version__
from cartwheel.serve.fhir.checking import TAKEN
from cartwheel.serve.fhir.written import KINDS

_DATE = "2026-11-22"


def capability_statement(base: str) -> dict[str, Any]:
    """Say what this interface can do.

    Parameters
    ----------
    base : str
        Its public address.

    Returns
    -------
    dict
        CapabilityStatement of R4 (4.0.1).
    """
    kinds = sorted({*TAKEN, *KINDS})
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": _DATE,
        "kind": "instance",
        "software": {"name": "cartwheel", "version": __version__},
        "implementation": {"description": "cartwheel monitor: the ward", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "rest": [
            {
                "mode": "server",
                "security": {"description": "A bearer token of an account of this server."},
                "resource": [_resource(kind) for kind in kinds],
                "interaction": [{"code": "transaction"}, {"code": "batch"}],
                "operation": [
                    {
                        "name": "notify",
                        "definition": f"{base}/OperationDefinition/notify",
                        "documentation": "Takes what a subscription (rest-hook) sends.",
                    }
                ],
            }
        ],
    }


def _resource(kind: str) -> dict[str, Any]:
    interactions = []
    if kind in TAKEN:
        interactions += ["create", "update", "read"]
    if kind in KINDS:
        interactions += ["search-type"]
    written: dict[str, Any] = {
        "type": kind,
        "interaction": [{"code": one} for one in interactions],
    }
    if kind in TAKEN:
        written |= {"versioning": "versioned-update", "updateCreate": True,
                    "conditionalCreate": True}  # fmt: skip
    if kind in KINDS:
        code = "method" if kind == "RiskAssessment" else "code"
        written["searchParam"] = [
            {"name": "patient", "type": "reference"},
            {"name": code, "type": "token"},
        ]
    return written
