"""Open pages in a headless browser and run a script over them; None where there is no browser."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_FOUND = re.compile(r'<pre id="found">(.*?)</pre>', re.DOTALL)


def browser() -> str | None:
    """Name a browser that can run without a screen."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


needs_browser = pytest.mark.skipif(browser() is None, reason="no Chromium on this machine")


def run_over(pages: Mapping[str, str], script: str, data: Any, folder: Path) -> Any:
    """Open each page in a frame, as it is, then run a script that sees them all.

    The script is the body of a function of ``frames`` (name to window) and ``data``; what it
    returns comes back as JSON.
    """
    frames = "".join(
        f'<iframe name="{html.escape(name)}" srcdoc="{html.escape(page)}"></iframe>'
        for name, page in pages.items()
    )
    given = json.dumps(data).replace("<", "\\u003c")
    harness = f"""<!doctype html><meta charset="utf-8"><body>{frames}
<script type="application/json" id="data">{given}</script><pre id="found"></pre>
<script>
window.addEventListener("load", () => {{
  const names = {json.dumps(list(pages))};
  const frames = Object.fromEntries(names.map((name, place) => [name, window.frames[place]]));
  const data = JSON.parse(document.getElementById("data").textContent);
  let found;
  try {{
    found = ((frames, data) => {{ {script} }})(frames, data);
  }} catch (error) {{
    found = {{ error: error.stack }};
  }}
  document.getElementById("found").textContent = JSON.stringify(found);
}});
</script>"""
    file = folder / "harness.html"
    file.write_text(harness, encoding="utf-8")
    command = [
        browser() or "", "--headless", "--disable-gpu", "--hide-scrollbars",
        f"--user-data-dir={folder / 'profile'}", "--timeout=120000", "--dump-dom", file.as_uri(),
    ]  # fmt: skip
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.insert(1, "--no-sandbox")
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    match = _FOUND.search(done.stdout)
    assert match is not None, done.stderr[-2000:]
    result = json.loads(html.unescape(match[1]))
    assert not (isinstance(result, dict) and "error" in result), result["error"]
    return result
