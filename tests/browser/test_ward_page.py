"""The ward's pages in a browser: rows change by themselves, values are typed, silence is told."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest

from .reading import AXE, expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytest.importorskip("uvicorn", reason="cartwheel[serve] is not installed")

import uvicorn

from cartwheel.serve.application import create_app
from cartwheel.serve.settings import Settings

TOKEN = "a-token-of-a-ward-test"
_SERIOUS = """async () => (await axe.run(document)).violations
  .filter((one) => ["serious", "critical"].includes(one.impact))
  .map((one) => one.id + ": " + one.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join())"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A ward with one patient, followed for three days."""
    folder: Path = tmp_path_factory.mktemp("ward")
    text = (files("cartwheel.watch") / "example_ward.toml").read_text("utf-8")
    (folder / "ward.toml").write_text(text.replace("Example ward", "Simulated ward"), "utf-8")
    settings = Settings(
        folder=folder / "data", token=TOKEN, workers=1, ward=folder / "ward.toml", port=0
    )
    application = create_app(settings)
    server = uvicorn.Server(
        uvicorn.Config(application, host="127.0.0.1", port=0, log_level="error", lifespan="on")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 60
    while not server.started and time.monotonic() < until:
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    made = f"http://127.0.0.1:{port}"
    send(made, "A1", infusion=None, before=timedelta(days=3))
    for hours in range(60, 0, -6):
        before = timedelta(hours=hours)
        send(made, "A1", temperature=(37.0, "Cel"), crp=(90 - hours, "mg/L"), before=before)
    yield made
    application.state.services.ward.feed.close()
    server.should_exit = True
    thread.join(30)


def send(address: str, whose: str, *, before: timedelta = timedelta(0), **values: Any) -> str:
    taken = (datetime.now(UTC) - before).isoformat()
    rows = [
        {"patient": whose, "system": "LAB", "name": name, "taken_at": taken,
         "value": None if given is None else given[0], "unit": "" if given is None else given[1]}
        for name, given in values.items()
    ]  # fmt: skip
    asked = Request(
        f"{address}/api/v1/ward/observations",
        json.dumps({"observations": rows}).encode(),
        {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
    )
    with urlopen(asked, timeout=30) as answer:
        told = json.load(answer)
    return str((told["patients"] or [""])[0])


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1100, "height": 800})
    heard: list[str] = []
    opened = context.new_page()
    context.on("weberror", lambda error: heard.append(str(error.error)))
    opened.on(
        "console",
        lambda said: (
            heard.append(said.text)
            if said.type in ("error", "warning") and "status of 422" not in said.text
            else None
        ),
    )
    opened.goto(f"{address}/?token={TOKEN}")
    yield opened
    context.close()
    assert heard == []


def check(page: Page) -> None:
    page.evaluate(AXE)
    assert page.evaluate(_SERIOUS) == []
    for width in (1100, 360):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": 1100, "height": 800})


def test_rows_change_and_appear_by_themselves(page: Page, address: str) -> None:
    page.goto(f"{address}/ward")
    row = page.locator("table.board tbody tr").first
    expect(row.locator("[data-label=CRS] .told")).to_have_text("0")
    expect(page.locator("#live")).to_contain_text("Connected")
    expect(page.locator(".ward-name .simulated")).to_have_text("simulated")
    patient = send(address, "A1", temperature=(39.6, "Cel"), systolic_pressure=(80, "mm[Hg]"))
    expect(page.locator(f"#p-{patient} [data-label=CRS] .told")).to_have_text("2")
    expect(page.locator("#waiting .alert-list").first).to_contain_text("CRS of grade 2 or higher")
    another = send(address, "B2", infusion=None, before=timedelta(days=1))
    expect(page.locator(f"#p-{another}")).to_contain_text("Patient")
    check(page)


def test_a_reason_that_is_being_typed_is_left_alone(page: Page, address: str) -> None:
    page.goto(f"{address}/ward")
    send(address, "A1", temperature=(39.8, "Cel"), systolic_pressure=(79, "mm[Hg]"))
    asked = page.locator("#waiting details.acknowledge").first
    asked.locator("summary").click()
    reason = asked.locator("input[name=reason]")
    reason.fill("fluids")
    # another alert arrives meanwhile: somebody new has fever and low pressure
    fresh = send(address, "C3", infusion=None, before=timedelta(days=1))
    send(address, "C3", temperature=(39.9, "Cel"), systolic_pressure=(75, "mm[Hg]"))
    expect(page.locator(f"#p-{fresh} [data-label=CRS] .told")).to_have_text("2")
    expect(reason).to_have_value("fluids")
    expect(reason).to_be_focused()
    reason.press("Enter")
    expect(page.locator("#waiting")).not_to_contain_text("fluids")
    page.locator("table.board .who a").first.click()


def test_a_value_is_typed_refused_mended_and_kept(page: Page, address: str) -> None:
    page.goto(f"{address}/ward")
    page.locator("table.board .who a").first.click()
    page.locator("#v-name").select_option("ferritin")
    expect(page.locator("#v-unit-hint")).to_contain_text("ug/L")
    page.locator("#v-value").fill("1,200")
    page.locator("#v-unit").fill("ug/L")
    page.get_by_role("button", name="now").click()
    page.get_by_role("button", name="Keep the value").click()
    expect(page.locator("#v-value-wrong")).to_contain_text("comma")
    expect(page.locator("#v-value")).to_have_value("1,200")
    page.locator("#v-value").fill("1200")
    page.get_by_role("button", name="Keep the value").click()
    expect(page.locator(".kept")).to_contain_text("Kept")
    expect(page.locator("details.values", has_text="Ferritin")).to_contain_text("1200")
    check(page)


def test_the_time_line_is_read_by_keyboard(page: Page, address: str) -> None:
    patient = send(address, "A1", temperature=(37.7, "Cel"))
    page.goto(f"{address}/ward/patient/{patient}")
    page.locator("[data-strip] .mark[tabindex='0']").first.focus()
    expect(page.locator("#readout")).to_contain_text("Body temperature 37.7")
    page.keyboard.press("Home")
    expect(page.locator("#readout")).to_contain_text("Body temperature 37.0")
    send(address, "A1", il6=(">5000", "pg/mL"))
    expect(page.locator("details.values", has_text="Interleukin-6")).to_contain_text(">5000")


def test_what_was_known_is_marked(page: Page, address: str) -> None:
    patient = send(address, "A1", crp=(7, "mg/L"), before=timedelta(hours=2))
    page.goto(f"{address}/ward/patient/{patient}?at=2026-01-01T03:00")
    expect(page.locator(".as-known")).to_contain_text("As it was known on 1 Jan 2026, 03:00")
    expect(page.locator("#typing")).to_have_count(0)
    check(page)


def test_silence_is_told(page: Page, address: str) -> None:
    page.clock.install()
    page.goto(f"{address}/ward")
    expect(page.locator("#live")).to_contain_text("Connected")
    page.route("**/ward/events**", lambda route: route.abort())
    page.clock.fast_forward(30_000)
    expect(page.locator("#lost")).to_be_visible()
    expect(page.locator("#lost")).to_contain_text("may be out of date")


@pytest.mark.parametrize("where", ["handover", "people", "parked", "upload"])
def test_the_other_pages_are_clean(page: Page, address: str, where: str) -> None:
    page.goto(f"{address}/ward/{where}")
    expect(page.locator("h1")).to_be_visible()
    check(page)
