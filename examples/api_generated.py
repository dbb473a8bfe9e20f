"""Call a cartwheel server with a generated client: see docs/tutorial-api.md for how it is made.

CARTWHEEL_URL=http://127.0.0.1:8765 CARTWHEEL_TOKEN=... python examples/api_generated.py
"""

import os

from cartwheel_client import AuthenticatedClient
from cartwheel_client.api.scores import assess_patient
from cartwheel_client.models import AskedAssessment, AssessmentFile, ProblemDetails


def main() -> None:
    """Compute EASIX of an invented patient, and read the answer as objects."""
    client = AuthenticatedClient(
        base_url=os.environ.get("CARTWHEEL_URL", "http://127.0.0.1:8765"),
        token=os.environ["CARTWHEEL_TOKEN"],
    )
    for platelets in ({"value": 90, "unit": "10*9/L"}, 90):
        asked = AskedAssessment.from_dict(
            {"inputs": {"ldh": "280 U/L", "creatinine": "97 umol/L", "platelets": platelets}}
        )
        told = assess_patient.sync("easix", client=client, body=asked)
        if isinstance(told, AssessmentFile):
            part = told.result.contributions[0]
            print(f"{told.result.score}: {told.result.value:.2f} ({part.term}), {told.result.band}")
        elif isinstance(told, ProblemDetails):
            print(f"{told.status}: {told.problems[0].what}")


if __name__ == "__main__":
    main()
