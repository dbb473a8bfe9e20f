"""A person before the pages: what a test does with keys and eyes, and what must never happen."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from .serving import Server
from .wire import Wire

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Locator, Page, Request, WebError

# every module of tests here imports this one, and is skipped where it is absent
playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
expect = playwright.expect
# milliseconds: other tests may run beside it
expect.set_options(timeout=20_000)

# names the folder in which pictures are kept
PICTURES = "CARTWHEEL_SCREENSHOTS"
AXE = (Path(__file__).parent / "axe.min.js").read_text(encoding="utf-8")
# width, height, theme; 640 px is what is left of 1280 px at 200 % zoom
VIEWS = {
    "wide": (1280, 800, "light"),
    "dark": (1280, 800, "dark"),
    "zoomed": (640, 400, "light"),
    "phone": (360, 740, "dark"),
}
# what can differ between two views of the same page; all else is asked in the other views
_ASKED = {
    "dark": ("color-contrast", "link-in-text-block"),
    "zoomed": ("scrollable-region-focusable", "target-size", "link-in-text-block", "label",
               "select-name", "button-name", "link-name"),
}  # fmt: skip
_OF_A_STATUS = re.compile(r"the server responded with a status of (\d+)")
_OWN = ("data", "blob", "about")
_FOUND = """async (options) => (await axe.run(document, options)).violations
  .filter((one) => ["serious", "critical"].includes(one.impact))
  .map((one) => `${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) +
    " " + (n.any[0]?.message ?? "")).join(" | ")}`)"""
# a held Tab stops at the thing that is wanted, or at what has come in its place; whatever had the
# focus on the way is looked at
_AIM = """(wanted) => {
  if ("cartwheelWay" in window) {
    Object.assign(cartwheelWay, { wanted, unseen: [] });
    return;
  }
  const way = { wanted, unseen: [], tab: false };
  Object.defineProperty(window, "cartwheelWay", { value: way });
  way.there = () => {
    const here = document.activeElement, wanted = way.wanted;
    return Boolean(wanted) && (here === wanted || (wanted.id !== "" && here.id === wanted.id));
  };
  addEventListener("keydown", (event) => {
    way.tab = event.key === "Tab";
    if (!way.tab || !way.there()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
  addEventListener("focusin", (event) => {
    const here = event.target, style = getComputedStyle(here);
    const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    if (way.tab && !seen && here !== document.body && here.tagName !== "IFRAME")
      way.unseen.push(here.outerHTML.slice(0, 120));
  }, true);
}"""
_WHERE = """() => [cartwheelWay.there(), cartwheelWay.wanted.isConnected, cartwheelWay.unseen]"""
# how many Tabs are pressed before it is asked where they led
_AT_ONCE = 8
_WIDTH = """() => {
  const most = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= most) return [];
  return [...document.body.querySelectorAll("*")]
    .filter((one) => one.getBoundingClientRect().right > most + 1)
    .slice(0, 5).map((one) => one.outerHTML.slice(0, 100));
}"""


class Reader:
    """A browser with cookies of its own, that has come in by the address with the token."""

    def __init__(self, page: Page, server: Server | Wire, pictures: Path) -> None:
        self.page = page
        self.server = server
        self.pictures = pictures
        self.keeps_pictures = PICTURES in os.environ
        self.heard: list[str] = []
        # statuses of refusals, which a browser writes into its console, and errors of its network
        self.refusals: set[int] = set()
        self.may_be_offline = False
        # from the beginning, so that no dialog of the system ever opens
        page.on("filechooser", lambda _: None)
        context = page.context
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        status = _OF_A_STATUS.search(message.text)
        if status and int(status[1]) in self.refusals:
            return
        # htmx says of every request that was lost which one it was
        from_htmx = "/htmx" in message.location["url"]
        if self.may_be_offline and (from_htmx or "net::ERR_" in message.text):
            return
        self.heard.append(f"console: {message.text[:300]} ({message.location['url']})")

    def _error(self, error: WebError) -> None:
        self.heard.append(f"error of a script: {error.error}")

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in _OWN and parts.netloc != f"127.0.0.1:{self.server.port}":
            self.heard.append(f"request to another host: {request.url[:200]}")

    def visit(self, path: str) -> None:
        """Open a page of the server."""
        self.page.goto(self.server.address + path)

    def enter(self, path: str = "/") -> None:
        """Open the address that the server printed."""
        self.visit(f"{path}?token={self.server.token}")
        assert "token" not in self.page.url

    def back(self) -> None:
        """Press the back button."""
        # a page that the browser has kept is not loaded again
        self.page.go_back(wait_until="commit")
        self.page.locator("h1").first.wait_for()

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    # by keys

    def go_to(self, target: Locator, most: int = 400) -> None:
        """Hold Tab until a thing has the focus; the focus is seen on the whole way."""
        page = self.page
        page.evaluate(_AIM, target.element_handle())
        try:
            for pressed in range(0, most, _AT_ONCE):
                for _ in range(min(_AT_ONCE, most - pressed)):
                    page.keyboard.down("Tab")
                there, connected, unseen = page.evaluate(_WHERE)
                assert not unseen, f"no focus is seen on {unseen}"
                if there:
                    return
                if not connected:
                    # the page has answered, and this part of it is new
                    page.evaluate(_AIM, target.element_handle())
        finally:
            page.keyboard.up("Tab")
            page.evaluate(_AIM, None)
        raise AssertionError(f"cannot be reached by Tab: {target}")

    def press(self, target: Locator, key: str = "Enter") -> None:
        """Go to a link or a button, and press it."""
        self.go_to(target)
        self.page.keyboard.press(key)

    def write(self, target: Locator, text: str) -> None:
        """Go to a field, and type."""
        self.go_to(target)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def choose(self, target: Locator, option: str) -> None:
        """Go to a select, and type the beginning of an option."""
        self.go_to(target)
        # as fast as a person: the page may answer in between
        self.page.keyboard.type(option, delay=20)
        chosen = target.evaluate("(one) => one.selectedOptions[0].textContent")
        assert chosen.strip().casefold().startswith(option.casefold()), chosen

    def attach(self, target: Locator, file: Path) -> None:
        """Go to a field for a file, and choose one."""
        self.go_to(target)
        with self.page.expect_file_chooser() as asked:
            self.page.keyboard.press("Enter")
        asked.value.set_files(file)

    @contextmanager
    def saving(self, folder: Path) -> Iterator[list[Path]]:
        """Keep the file that a link gives."""
        kept: list[Path] = []
        with self.page.expect_download() as asked:
            yield kept
        kept.append(folder / asked.value.suggested_filename)
        asked.value.save_as(kept[0])

    # by eyes

    def look(self, name: str, *, without: tuple[str, ...] = ()) -> None:
        """Look at the page wide, dark, zoomed, and on a phone in the dark; ask axe each time.

        Pictures are kept where somebody has asked for them.
        """
        found: list[str] = []
        for view, (width, height, theme) in VIEWS.items():
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            if self.keeps_pictures:
                picture = self.pictures / f"{name}-{view}.png"
                self.page.screenshot(path=picture, full_page=True, caret="initial")
            wide = self.page.evaluate(_WIDTH)
            found += [f"{view}: wider than the screen: {one}" for one in wide]
            found += [f"{view}: {one}" for one in self.axe(without, only=_ASKED.get(view, ()))]
        width, height, theme = VIEWS["wide"]
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        assert not found, f"{name}:\n" + "\n".join(found)

    def axe(self, without: tuple[str, ...] = (), only: tuple[str, ...] = ()) -> list[str]:
        """Ask axe-core for findings that are serious or critical."""
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(AXE)
        # what stands in a frame is another page, and nothing can run in it
        options: dict[str, Any] = {"iframes": False, "resultTypes": ["violations"]}
        if only:
            asked = [name for name in only if name not in without]
            options["runOnly"] = {"type": "rule", "values": asked}
        else:
            options["rules"] = {name: {"enabled": False} for name in without}
        found: list[str] = self.page.evaluate(_FOUND, options)
        return found

    def problems(self) -> str:
        """Read what the page refuses."""
        said = self.page.locator(".refused")
        said.first.wait_for()
        return " ".join(said.all_inner_texts())

    def wait_for_job(self, *states: str) -> None:
        """Wait until a job is over, as the page tells it."""
        shown = ", ".join(f"p.state.{state}" for state in states)
        self.page.locator(shown).first.wait_for(timeout=90_000)

    def jobs(self) -> list[dict[str, Any]]:
        """Read the list of jobs as it is shown."""
        status, text = self.server.ask("GET", "/jobs")
        assert status == 200
        rows = re.findall(r'<a href="/jobs/([^"]+)">([^<]*)</a>.*?class="state (\w+)"', text)
        return [{"id": one[0], "title": one[1], "state": one[2]} for one in rows]


def result_of(file: Path) -> Any:
    """Read a JSON result that was downloaded."""
    return json.loads(file.read_text(encoding="utf-8"))
