"""Passwords: hashed slowly with Argon2id, so that a stolen store gives none of them away."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from cartwheel.errors import PlanRefused, refuse

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST, LONGEST = 12, 256
_FEWEST_SIGNS = 5


@cache
def _hasher() -> PasswordHasher:
    # loaded with the first password: a laptop has none
    from argon2 import PasswordHasher  # noqa: PLC0415

    # RFC 9106, second recommendation: 64 MiB, 3 passes, 4 lanes
    return PasswordHasher()


@cache
def _nobody() -> str:
    return _hasher().hash("nobody has this password")


def hash_password(password: str, name: str = "") -> str:
    """Hash a new password.

    Parameters
    ----------
    password : str
        At least 12 signs.
    name : str
        Of its account; a password is not made of it.

    Returns
    -------
    str
        With its parameters and its salt.

    Raises
    ------
    PlanRefused
        ``password_weak``.
    """
    text = _composed(password)
    why = ""
    if not SHORTEST <= len(text) <= LONGEST:
        why = f"a password has {SHORTEST} to {LONGEST} signs"
    elif len(set(text.casefold())) < _FEWEST_SIGNS:
        why = "this password repeats too few signs"
    elif name and set(text.casefold().split(name.casefold())) <= {"", "123", "1234"}:
        why = "this password is the name"
    if why:
        raise refuse(
            PlanRefused, "password_weak", why, where="password", mend="take four words by chance"
        )
    return _hasher().hash(text)


def is_password(hashed: str | None, password: str) -> bool:
    """Tell whether a password is the right one.

    Parameters
    ----------
    hashed : str or None
        Of the account; None where there is no account, which takes the same time.
    password : str
        As typed.

    Returns
    -------
    bool
    """
    from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415 - as above

    # made before either answer, so that its making tells nothing
    nobody = _nobody()
    if len(password) > LONGEST:
        return False
    try:
        right = _hasher().verify(hashed or nobody, _composed(password))
    except (VerificationError, InvalidHashError):
        return False
    return right and hashed is not None


def needs_rehash(hashed: str) -> bool:
    """Tell whether a hash was made with other parameters than today's.

    Parameters
    ----------
    hashed : str
        Of the account.

    Returns
    -------
    bool
    """
    return _hasher().check_needs_rehash(hashed)


def _composed(password: str) -> str:
    # one keyboard sends "ü" as one sign, another as two
    return unicodedata.normalize("NFC", password)
