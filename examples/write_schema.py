"""Write the published JSON Schemas: in the documentation and in the package, the same bytes."""

import json
from pathlib import Path

from cartwheel.clinic.score import score_json_schema
from cartwheel.workflows.schema import develop_schema

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDERS = (REPOSITORY / "docs/schema", REPOSITORY / "src/cartwheel/schema")


def main() -> None:
    for name, schema in (("develop", develop_schema()), ("score", score_json_schema())):
        text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for folder in FOLDERS:
            folder.mkdir(exist_ok=True)
            (folder / f"{name}.schema.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
