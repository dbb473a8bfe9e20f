"""Jobs that tests ask for beside the pages."""

from __future__ import annotations

import json
import re
from pathlib import Path

from cartwheel.demonstration import plan_path

from .reading import Reader, expect


def ask_development(reader: Reader, sheet: Path, resamples: int) -> str:
    """Ask for a development with the session of a browser; give the address of its page."""
    plan, found = re.subn(
        r"^bootstrap = \d+", f"bootstrap = {resamples}", plan_path().read_text("utf-8"), flags=re.M
    )
    assert found == 1
    asking, server = reader.page.context.request, reader.server
    token = reader.page.locator('meta[name="csrf"]').get_attribute("content")
    headers = {"X-CSRF-Token": token or "", "Origin": server.address, "Accept": "application/json"}
    kept = asking.post(
        f"{server.address}/files?name={sheet.name}", data=sheet.read_bytes(),
        headers={**headers, "Content-Type": "text/csv"},
    )  # fmt: skip
    assert kept.status == 201, kept.text()
    asked = asking.post(
        f"{server.address}/api/v1/jobs/develop",
        data=json.dumps({"file": kept.json()["id"], "plan_toml": plan}),
        headers={**headers, "Content-Type": "application/json"},
    )
    assert asked.status == 202, asked.text()
    return f"/jobs/{asked.json()['id']}"


def open_running(reader: Reader, address: str) -> None:
    """Open the page of a job, and wait until it counts."""
    reader.visit(address)
    expect(reader.page.locator("p.state.running")).to_contain_text("of")
