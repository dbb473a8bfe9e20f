"""Write the published JSON Schemas: in the documentation and in the package, the same bytes."""

import json
from pathlib import Path

from cartwheel.clinic.score import score_json_schema
from cartwheel.workflows.appraise import appraise_schema
from cartwheel.workflows.grade_schema import grade_schema
from cartwheel.workflows.landmark import landmark_schema
from cartwheel.workflows.monitor import monitor_schema
from cartwheel.workflows.monitor_drift import monitor_drift_schema
from cartwheel.workflows.referee import referee_schema
from cartwheel.workflows.schema import (
    develop_schema,
    pool_schema,
    share_schema,
    validate_schema,
)
from cartwheel.workflows.score_schema import assessment_schema

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDERS = (REPOSITORY / "docs/schema", REPOSITORY / "src/cartwheel/schema")


def main() -> None:
    schemas = {
        "appraise": appraise_schema(),
        "assessment": assessment_schema(),
        "develop": develop_schema(),
        "grade": grade_schema(),
        "landmark": landmark_schema(),
        "monitor-drift": monitor_drift_schema(),
        "monitor-simulation": monitor_schema(),
        "pool": pool_schema(),
        "referee": referee_schema(),
        "score": score_json_schema(),
        "share": share_schema(),
        "validate": validate_schema(),
    }
    for name, schema in schemas.items():
        text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for folder in FOLDERS:
            folder.mkdir(exist_ok=True)
            (folder / f"{name}.schema.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
