"""Every job as a call, with OpenAPI."""

from __future__ import annotations

from fastapi import APIRouter

from cartwheel.serve.api import about, files, grades, jobs, scores, ward, ward_drift, ward_outbox
from cartwheel.serve.api.described import describe as describe

router = APIRouter()
# routes are tried one after the other: what is called most often stands first
for _part in (scores, grades, ward, ward_drift, ward_outbox, jobs, files, about):
    router.routes.extend(_part.router.routes)
