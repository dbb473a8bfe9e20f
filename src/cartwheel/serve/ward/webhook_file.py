"""The file that names webhooks: who is told of events, and the secret that signs them."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cartwheel.errors import FileRefused, PlanRefused, Problem, refuse
from cartwheel.serve.ward.opened import WardServices
from cartwheel.serve.ward.outbox import Outbox
from cartwheel.serve.ward.webhook import Webhook, check_webhook, webhook_sender

VARIABLE = "CARTWHEEL_WEBHOOKS"
SCHEMA = "cartwheel/webhooks/1"
_KEYS = ("name", "url", "secret_file", "alerts_only")


def webhooks_of(environment: Mapping[str, str] = os.environ) -> tuple[Webhook, ...]:
    """Read the webhooks that the environment names.

    Parameters
    ----------
    environment : mapping of str to str
        ``CARTWHEEL_WEBHOOKS`` is the path of a TOML file.

    Returns
    -------
    tuple of Webhook
        None where the variable is not set.

    Raises
    ------
    FileRefused
        ``file_missing``, ``not_toml``.
    PlanRefused
        ``bad_value``, and what `check_webhook` refuses.
    """
    named = environment.get(VARIABLE, "")
    if not named:
        return ()
    path = Path(named)
    document = _document(path)
    tables = document.get("webhook", [])
    if document.get("schema") != SCHEMA or not isinstance(tables, list):
        raise _wrong("schema", f'write schema = "{SCHEMA}", and each under [[webhook]]')
    if any(key not in ("schema", "webhook") for key in document):
        raise _wrong("keys", "schema and [[webhook]] are known")
    hooks = tuple(_hook(one, path.parent, at) for at, one in enumerate(tables, 1))
    if len({one.name for one in hooks}) < len(hooks):
        raise _wrong("name", "give each a name of its own")
    return hooks


def open_webhooks(ward: WardServices, hooks: tuple[Webhook, ...]) -> None:
    """Send events to webhooks while a ward runs.

    Parameters
    ----------
    ward : WardServices
        Opened with the subscriptions of these webhooks.
    hooks : tuple of Webhook
        From `webhooks_of`.
    """
    if not hooks:
        return
    outbox = Outbox(ward.store, {one.name: webhook_sender(one) for one in hooks})
    ward.ingest.listen(outbox.wake)
    ward.starters.append(outbox.start)
    ward.stoppers.append(outbox.stop)


def _document(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise refuse(
            FileRefused, "file_missing", "there is no such file", where=VARIABLE,
            mend="name the TOML file of the webhooks",
        ) from None  # fmt: skip
    except ValueError:
        raise refuse(
            FileRefused, "not_toml", "this is not TOML", where=VARIABLE, mend="mend the file"
        ) from None


def _hook(table: Any, folder: Path, at: int) -> Webhook:
    where = f"webhook {at}"
    if not isinstance(table, Mapping) or any(key not in _KEYS for key in table):
        raise _wrong(where, f"the keys are {', '.join(_KEYS)}")
    name, url, secret = (table.get(key) for key in ("name", "url", "secret_file"))
    alerts_only = table.get("alerts_only", True)
    texts = all(isinstance(one, str) and one for one in (name, url, secret))
    if not texts or not isinstance(alerts_only, bool):
        raise _wrong(where, "name, url and secret_file are texts, alerts_only is true or false")
    try:
        key = (folder / str(secret)).read_bytes().strip()
    except OSError:
        raise _wrong(f"{where}: secret_file", "name a file that can be read") from None
    return check_webhook(Webhook(str(name), str(url), key, alerts_only))


def _wrong(where: str, mend: str) -> PlanRefused:
    return PlanRefused(Problem("bad_value", "it cannot be used", f"{VARIABLE}: {where}", mend))
