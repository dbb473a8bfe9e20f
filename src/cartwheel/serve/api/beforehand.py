"""What is wrong with a request for a job, found at the call: whatever no upload has to be read for.

The job would refuse it too, in the same words. A program hears it at once, as 422.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cartwheel.errors import PlanRefused, refuse
from cartwheel.serve.jobs.asked import Asked, read_source
from cartwheel.serve.jobs.worker import INPUTS


class Beforehand:
    """A request for a job, before it is one.

    Parameters
    ----------
    kind : str
        Of the job.
    said : mapping
        As asked.
    folder : Path
        A private one, empty, for as long as this is used.
    """

    def __init__(self, kind: str, said: Mapping[str, Any], folder: Path) -> None:
        self._kind, self._said, self._folder = kind, said, folder / INPUTS
        self._folder.mkdir()

    def file_ids(self) -> tuple[str, ...]:
        """Name every file that is asked for, also those that a plan names.

        Returns
        -------
        tuple of str
            Each once.

        Raises
        ------
        PlanRefused
            As of `Asked.plan`; ``bad_value`` for what is no id.
        """
        given = self._said.get("plan") or self._said.get("plan_toml")
        plan = self._asked({}).plan() if given else {}
        named = plan.get("scores") if self._kind == "validate" else None
        places: list[Any] = [
            self._said.get("file"),
            *(self._said.get("files") or ()),
            _of_score(self._said.get("score")),
            *(_of_score(each.get("score")) for each in _records(named)),
            plan.get("prisma") if self._kind == "pool" else None,
        ]
        return tuple(dict.fromkeys(str(each) for each in places if each is not None))

    def check(self, names: Mapping[str, str]) -> None:
        """Refuse what the job would refuse without reading a file.

        Parameters
        ----------
        names : mapping of str to str
            Id to name of every file that is asked for.

        Raises
        ------
        Refused
            As the job does.
        """
        if look := _LOOKS.get(self._kind):
            look(self._asked(names))

    def _asked(self, names: Mapping[str, str]) -> Asked:
        return Asked(self._folder, {**self._said, "names": names}, self._said)


@contextmanager
def beforehand(kind: str, said: Mapping[str, Any], work: Path) -> Iterator[Beforehand]:
    """Make one, with a folder that is gone afterwards.

    Parameters
    ----------
    kind : str
        Of the job.
    said : mapping
        As asked.
    work : Path
        Where the server keeps files in work.

    Yields
    ------
    Beforehand
    """
    with TemporaryDirectory(dir=work) as folder:
        yield Beforehand(kind, said, Path(folder))


def _develop(asked: Asked) -> None:
    from cartwheel.development.planning.plan import plan_from_dict  # noqa: PLC0415 - when asked

    plan_from_dict(asked.cohort_plan(), where="plan")


def _validate(asked: Asked) -> None:
    from cartwheel.validation.plan import plan_from_dict  # noqa: PLC0415 - as above

    data, sources = asked.scores_of(asked.cohort_plan())
    for source in sources.values():
        if isinstance(source, str):
            read_source(source)
    plan_from_dict(data, where="plan")


def _pool(asked: Asked) -> None:
    from cartwheel.pooling.plan import pool_plan_from_dict  # noqa: PLC0415 - as above

    if not asked.has("table") and not asked.take("files", list[str], []):
        raise refuse(
            PlanRefused,
            "no_file",
            "there are no studies",
            where="table",
            mend="type rows, or upload a table",
        )
    pool_plan_from_dict(asked.pool_plan(), where="plan")


def _appraise(asked: Asked) -> None:
    from cartwheel.pooling.appraisal.question import check_question  # noqa: PLC0415 - as above
    from cartwheel.pooling.appraisal.words import PaperWords, check_words  # noqa: PLC0415

    pooled, words = asked.take("pooled", list[str], []), asked.take("words", PaperWords)
    if pooled or asked.has("beside"):
        # tables of data come with it
        from cartwheel.pooling.appraisal.claim import Beside, read_claim  # noqa: PLC0415

        said = asked.take("beside", Beside) or Beside()
    # what is wrong with a model's numbers the job says: it takes more libraries than a server keeps
    check_question(
        pooled=bool(pooled) or asked.has("file"), model=asked.has("model") or words is not None
    )
    if words is not None:
        check_words(words)
    for text in pooled:
        read_claim(text, said)


def _grade(asked: Asked) -> None:
    from cartwheel.workflows.grade import chosen_rules  # noqa: PLC0415 - as of _develop

    chosen_rules(tuple(asked.take("rules", list[str], [])))


def _batch(asked: Asked) -> None:
    from cartwheel.workflows.score import named_days, outside_population  # noqa: PLC0415 - as above

    source = asked.score_source(asked.data.get("score"))
    if not isinstance(source, str):
        return
    spec = read_source(source)
    spec.chosen(asked.take("choices", dict[str, str], {}))
    named_days(spec, asked.take("days", dict[str, float], {}))
    outside_population(spec, asked.take("about", dict[str, str], {}))


_LOOKS: Mapping[str, Callable[[Asked], None]] = {
    "develop": _develop,
    "validate": _validate,
    "pool": _pool,
    "appraise": _appraise,
    "grade": _grade,
    "batch": _batch,
}


def _records(said: object) -> list[dict[str, Any]]:
    return [each for each in said if isinstance(each, dict)] if isinstance(said, list) else []


def _of_score(said: object) -> object:
    return said.get("file") if isinstance(said, dict) else None
