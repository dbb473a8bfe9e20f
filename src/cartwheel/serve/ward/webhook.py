"""Webhooks: an event as a signed POST, with a key by which the receiver does it once."""

from __future__ import annotations

import hashlib
import hmac
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from cartwheel.errors import FileRefused, PlanRefused, refuse
from cartwheel.store.ward_outbox import OutboxRow, Subscription
from cartwheel.watch.standing import AlertEvent, Event

TIMEOUT = 10.0
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Webhook:
    """A program that is told of events.

    Parameters
    ----------
    name : str
        In the settings, on pages and in metrics; the address is shown nowhere.
    url : str
        https, or http on this machine.
    secret : bytes
        Shared with the receiver: it signs what is sent.
    alerts_only : bool
        Steps of alerts alone, not every change of an answer.
    """

    name: str
    url: str
    secret: bytes
    alerts_only: bool = True

    def subscription(self) -> Subscription:
        """Say which events it is told of.

        Returns
        -------
        Subscription
        """
        return Subscription(self.name, "webhook", self._wants)

    def _wants(self, event: Event) -> bool:
        return isinstance(event, AlertEvent) or not self.alerts_only


def check_webhook(hook: Webhook) -> Webhook:
    """Refuse a webhook that would send patients' data in the clear, or unsigned.

    Parameters
    ----------
    hook : Webhook
        As it was given.

    Returns
    -------
    Webhook
        The same.

    Raises
    ------
    PlanRefused
        ``webhook_address``, ``webhook_secret``.
    """
    parts = urlsplit(hook.url)
    loopback = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if not (parts.scheme == "https" and parts.hostname) and not loopback:
        raise refuse(
            PlanRefused,
            "webhook_address",
            "events of patients are sent by https alone",
            where=hook.name,
            mend="give an address that begins with https://",
        )
    if len(hook.secret) < 16:
        raise refuse(
            PlanRefused,
            "webhook_secret",
            "a secret has 16 bytes at least",
            where=hook.name,
            mend="make one: openssl rand -hex 32",
        )
    return hook


def signature(secret: bytes, sent_at: int, body: bytes) -> str:
    """Sign what is sent.

    Parameters
    ----------
    secret : bytes
        Shared with the receiver.
    sent_at : int
        Seconds since 1970: the receiver refuses what is old.
    body : bytes
        Of the request.

    Returns
    -------
    str
        ``t=...,v1=...``: HMAC-SHA256, in hexadecimal, of the time, a dot and the body.
    """
    made = hmac.new(secret, f"{sent_at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={sent_at},v1={made}"


def webhook_sender(hook: Webhook, clock: Callable[[], float] = time.time) -> Callable[..., None]:
    """Make what sends rows of the outbox to a webhook.

    Parameters
    ----------
    hook : Webhook
        Checked.
    clock : callable
        Seconds since 1970; another one in tests.

    Returns
    -------
    callable
        Takes an `OutboxRow`; raises FileRefused ``not_delivered`` unless the answer is 2xx.
    """
    opener = urllib.request.build_opener(_NoRedirects)

    def send(row: OutboxRow) -> None:
        body = row.body.encode()
        request = urllib.request.Request(
            hook.url,
            data=body,
            method="POST",
            headers={
                "Content-Type": "application/json",
                "Idempotency-Key": row.key,
                "X-Cartwheel-Signature": signature(hook.secret, int(clock()), body),
                "User-Agent": "cartwheel",
            },
        )
        try:
            with opener.open(request, timeout=TIMEOUT) as answer:
                answer.read(1024)
        except urllib.error.HTTPError as error:
            error.close()
            raise _not_delivered(f"the receiver answered {error.code}") from None
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise _not_delivered(f"no answer ({type(reason).__name__})") from None

    return send


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """What is signed for one address is not sent to another."""

    def redirect_request(self, *_: Any) -> None:
        """Follow none."""


def _not_delivered(what: str) -> Exception:
    return refuse(FileRefused, "not_delivered", what, where="webhook", mend="look at the receiver")
