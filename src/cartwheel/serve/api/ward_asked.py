"""What the ward's calls take: strict, closed to unknown keys."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

_VALUE = {
    "description": "A number as it was measured (digits are kept), or a text: '<0.5', a word, a "
    "drug. true and false are yes and no, never 1 and 0. A list names several. null only where "
    "there is no value: a milestone, or one that is withdrawn.",
    "anyOf": [
        {"type": "number"},
        {"type": "string", "maxLength": 200},
        {"type": "boolean"},
        {"type": "array", "items": {"type": "string", "maxLength": 200}, "maxItems": 20},
        {"type": "null"},
    ],
}
# read by `cartwheel.serve.api.ward`, which says what is wrong beside its name
SentValue = Annotated[Any, WithJsonSchema(_VALUE)]
_Moment = Annotated[
    str, Field(max_length=40, description="ISO 8601 with the offset from UTC, or Z.")
]


class _Asked(BaseModel):
    model_config = ConfigDict(
        strict=True, extra="forbid", allow_inf_nan=False, ser_json_inf_nan="null"
    )


class SentObservation(_Asked):
    """One value of one patient."""

    patient: Annotated[str, Field(min_length=1, max_length=255, description="Identifier.")]
    system: Annotated[
        str, Field(max_length=255, description="Whose identifier; empty: the ward's own id.")
    ] = ""
    name: Annotated[str, Field(max_length=80, examples=["crp"])]
    taken_at: _Moment
    value: SentValue = None
    unit: Annotated[str, Field(max_length=60, examples=["mg/L"])] = ""
    ends_at: Annotated[
        str, Field(max_length=40, description="Of a treatment: when it was stopped.")
    ] = ""
    status: Literal["preliminary", "final", "corrected", "withdrawn"] = "final"
    source: Annotated[
        str,
        Field(
            max_length=200,
            description="The sender's own name of the value: the same again is a correction. "
            "Without one, patient, name and time are it.",
        ),
    ] = ""


class SentObservations(_Asked):
    """Values of one or more patients: all are kept, or none."""

    observations: Annotated[list[SentObservation], Field(min_length=1, max_length=5000)]
