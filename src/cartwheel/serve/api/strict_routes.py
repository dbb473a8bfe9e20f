"""Routes of calls: a word in the address that no call knows is refused, not left aside."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.routing import request_response

from cartwheel.clinic.dictionary import nearest_names
from cartwheel.errors import PlanRefused, Problem

Answering = Callable[[Request], Coroutine[Any, Any, Response]]


def _knowing_its_query(route: APIRoute) -> Answering:
    answered = APIRoute.get_route_handler(route)
    named = (route.openapi_extra or {}).get("parameters", ())
    known = {one.alias for one in route.dependant.query_params}
    known |= {one["name"] for one in named if one["in"] == "query"}

    async def checked(request: Request) -> Response:
        if request.scope["query_string"]:
            _check_query(request, known)
        return await answered(request)

    return checked


def _at_once(route: APIRoute) -> Answering:
    call = route.endpoint

    async def answered(request: Request) -> Response:
        if request.scope["query_string"]:
            _check_query(request, set())
        response: Response = await call(request, **request.path_params)
        return response

    return answered


class StrictRoute(APIRoute):
    """A call that knows every word of its query."""

    get_route_handler = _knowing_its_query


class DirectRoute(APIRoute):
    """A call without a query that reads its request itself.

    Nothing is resolved for it: that takes as long as the rest of the way to it.
    """

    get_route_handler = _at_once

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        # FastAPI would open two stacks for what dependencies leave to be closed: there are none
        self.app = request_response(self.get_route_handler())


def _check_query(request: Request, known: set[str]) -> None:
    given = [name for name, _ in request.query_params.multi_items()]
    problems = [
        Problem(
            "unknown_key",
            "this call does not know this word of the query",
            name[:60],
            nearest_names(name, sorted(known)) if known else "leave it out",
        )
        for name in dict.fromkeys(given)
        if name not in known
    ]
    problems += [
        Problem("given_twice", "this stands twice in the query", name[:60], "give it once")
        for name in sorted(known)
        if given.count(name) > 1
    ]
    if problems:
        raise PlanRefused(problems)
