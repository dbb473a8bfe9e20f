"""The person behind a request, and what the role allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, cast

from starlette.requests import HTTPConnection

from cartwheel.errors import Refused, refuse

Role = Literal["reader", "analyst", "clinician", "admin"]
# what a role may do beside reading
ALLOWED: dict[str, frozenset[str]] = {
    "reader": frozenset({"read"}),
    "clinician": frozenset({"read", "score"}),
    "analyst": frozenset({"read", "score", "analyse"}),
    "admin": frozenset({"read", "score", "analyse", "administer"}),
}


class Forbidden(Refused):
    """The role does not allow it."""


class NotKnown(Refused):
    """Nobody has said who they are."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks.

    Parameters
    ----------
    name : str
        Of the account; ``owner`` on a laptop without accounts. What is stored belongs to it.
    role : str
        ``reader``, ``clinician`` (and scores), ``analyst`` (and jobs), ``admin`` (and accounts).
    session : str
        Opaque; CSRF tokens are bound to it. Empty where a call brings its token in a header.
    """

    name: str
    role: Role
    session: str = field(default="", repr=False)

    def may(self, deed: str) -> bool:
        """Tell whether the role allows ``read``, ``score``, ``analyse`` or ``administer``."""
        return deed in ALLOWED[self.role]


def person(connection: HTTPConnection) -> Person:
    """Find who asks.

    Parameters
    ----------
    connection : HTTPConnection
        A request that has passed the door.

    Returns
    -------
    Person

    Raises
    ------
    NotKnown
        ``not_known``.
    """
    found = connection.scope.get("cartwheel.person")
    if found is None:
        raise refuse(
            NotKnown,
            "not_known",
            "nobody has logged in",
            mend="log in, or open the address with its token",
        )
    return cast(Person, found)


def may(deed: str) -> Callable[[HTTPConnection], Person]:
    """Make a dependency that lets only those pass whose role allows a deed.

    Parameters
    ----------
    deed : str
        ``read``, ``score``, ``analyse`` or ``administer``.

    Returns
    -------
    function
        For ``Annotated[Person, Depends(may("analyse"))]``.
    """

    def allowed(connection: HTTPConnection) -> Person:
        found = person(connection)
        if not found.may(deed):
            raise refuse(
                Forbidden,
                "role",
                f"the role {found.role} does not allow this",
                mend="ask an administrator of this server",
            )
        return found

    return allowed
