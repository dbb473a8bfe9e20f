"""Call a cartwheel server from a program: ``python examples/api_client.py`` (needs httpx).

The address and the token are those that ``cartwheel serve`` prints::

    CARTWHEEL_URL=http://127.0.0.1:8765 CARTWHEEL_TOKEN=... python examples/api_client.py

The patient is invented, and the cohort is simulated.
"""

import os
import time
import uuid

import httpx

from cartwheel.demonstration import cohort_path

ROOT = "/api/v1"
EASIX = f"{ROOT}/scores/easix/assessments"
OVER = ("done", "refused", "failed", "cancelled", "lost")


def main() -> None:
    """Compute a score, then check a sheet as a job."""
    address = os.environ.get("CARTWHEEL_URL", "http://127.0.0.1:8765")
    token = os.environ["CARTWHEEL_TOKEN"]
    with httpx.Client(
        base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=60
    ) as client:
        score_a_patient(client)
        check_a_sheet(client)


def score_a_patient(client: httpx.Client) -> None:
    """Compute EASIX; a value without its unit is refused, with the reason."""
    inputs = {"ldh": {"value": 280, "unit": "U/L"}, "creatinine": "97 umol/L"}
    answer = client.post(EASIX, json={"inputs": {**inputs, "platelets": 90}})
    for problem in answer.json()["problems"]:
        print(f"{answer.status_code}: {problem['where']}: {problem['what']} ({problem['mend']})")
    inputs["platelets"] = {"value": 90, "unit": "10*9/L"}
    answer = client.post(EASIX, json={"inputs": inputs}).raise_for_status()
    found = answer.json()["result"]
    print(f"{found['score']} {found['version']}: {found['value']:.2f}, {found['band']}")


def check_a_sheet(client: httpx.Client) -> None:
    """Upload a sheet, ask for a job, wait for it, take its result, delete everything."""
    path = cohort_path()
    with path.open("rb") as sheet:
        kept = client.post(
            f"{ROOT}/files",
            files={"file": (path.name, sheet, "text/csv")},
            # sent again after a broken connection, it is kept once
            headers={"Idempotency-Key": str(uuid.uuid4())},
        ).raise_for_status()
    asked = client.post(
        f"{ROOT}/jobs/check",
        json={"file": kept.json()["id"]},
        headers={"Idempotency-Key": str(uuid.uuid4())},
    ).raise_for_status()
    job = asked.json()
    while job["state"] not in OVER:
        time.sleep(0.2)
        job = client.get(asked.headers["Location"]).raise_for_status().json()
    result = client.get(job["result"]).raise_for_status().json()["result"]
    print(f"{job['kind']} {job['state']}: {result['rows']} rows, {len(result['columns'])} columns")
    client.delete(f"{ROOT}/files/{kept.json()['id']}").raise_for_status()


if __name__ == "__main__":
    main()
