"""The command line: one thin file a command, and nothing heavy loaded before a command needs it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from cartwheel.cli.score_call import answer_call, plain_call

if TYPE_CHECKING:
    from cartwheel.cli.application import app as app

OUR_FAULT = 1


def __getattr__(name: str) -> Any:
    # the application loads every command and their library; one plain score waits for neither
    if name != "app":
        raise AttributeError(f"module 'cartwheel.cli' has no attribute '{name}'")
    from cartwheel.cli.application import app

    return app


def main() -> None:
    """Run the command line; an error of ours is named, without a traceback, as exit code 1."""
    try:
        if (call := plain_call(sys.argv[1:])) is not None:
            answer_call(call)
        else:
            from cartwheel.cli.application import app

            app()
    except BrokenPipeError:
        # who read our output has gone; nobody is left to be told
        sys.exit(OUR_FAULT)
    except Exception as error:
        if os.environ.get("CARTWHEEL_TRACEBACK"):
            raise
        # the message could hold data, so only the kind and the place are said
        place = _innermost(error)
        print(
            f"cartwheel: our fault ({type(error).__name__} at {place}).\n"
            "Nothing was written. Please report it; CARTWHEEL_TRACEBACK=1 shows the traceback.",
            file=sys.stderr,
        )
        sys.exit(OUR_FAULT)


def _innermost(error: Exception) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "an unknown place"
    name = os.path.basename(trace.tb_frame.f_code.co_filename)
    return f"{name}:{trace.tb_lineno}"
