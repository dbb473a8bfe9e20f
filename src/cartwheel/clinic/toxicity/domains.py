"""Parts of a grade that the worst decides: what each part gives, and what it could still give."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from cartwheel.clinic.toxicity.answers import Answers
from cartwheel.clinic.toxicity.assessment import Datum


@dataclass(frozen=True, slots=True)
class Domain:
    """One part of a rule, such as hypotension.

    Parameters
    ----------
    gives : frozenset of int
        Every grade that this part can give, by what is charted of it; never empty.
    data : tuple of Datum
        What was read of it.
    missing : tuple of str
        Inputs not charted that could change what it gives.
    warnings : tuple of str
        What the reader must know.
    """

    gives: frozenset[int]
    data: tuple[Datum, ...] = ()
    missing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Worst:
    """What several domains give together, by the worst of them.

    Parameters
    ----------
    possible : frozenset of int
        Every grade still possible.
    data : tuple of Datum
        All that was read.
    missing : tuple of str
        Inputs whose value could change the worst.
    warnings : tuple of str
        Of all domains.
    """

    possible: frozenset[int]
    data: tuple[Datum, ...]
    missing: tuple[str, ...]
    warnings: tuple[str, ...]


def settled(name: str, value: str, gives: int, rule: str, *, unit: str = "") -> Domain:
    """Build the domain of one datum that settles it.

    Parameters
    ----------
    name, value, unit, rule : str
        As in `Datum`.
    gives : int
        The grade it gives.

    Returns
    -------
    Domain
    """
    return Domain(frozenset((gives,)), (Datum(name, value, unit, gives, rule),))


def yes_or_no(answers: Answers, name: str, gives: int, rule: str) -> Domain:
    """Build the domain of a finding that gives one grade where it is there, else 0.

    Parameters
    ----------
    answers : Answers
        What was charted.
    name : str
        The input.
    gives : int
        Grade where it is there.
    rule : str
        Words of the rule.

    Returns
    -------
    Domain
    """
    flag = answers.flag(name)
    if flag is None:
        return Domain(frozenset((0, gives)), missing=(name,))
    return settled(name, "yes" if flag else "no", gives if flag else 0, rule if flag else "no")


def unless_other_cause(domain: Domain, sign: str, answers: Answers, name: str) -> Domain:
    """Leave a domain out where its sign has another cause.

    Parameters
    ----------
    domain : Domain
        The domain.
    sign : str
        Its name among the signs due to another cause.
    answers : Answers
        What was charted.
    name : str
        The input that lists such signs.

    Returns
    -------
    Domain
        It gives 0 as well where the causes are unknown.
    """
    if max(domain.gives) == 0:
        return domain
    causes = answers.names(name)
    if causes is None:
        return replace(
            domain, gives=domain.gives | {0}, missing=(*domain.missing, name),
            data=tuple(replace(datum, gives=0) for datum in domain.data),
        )  # fmt: skip
    if sign not in causes:
        return domain
    rule = "due to another cause: does not count"
    data = tuple(replace(datum, gives=0, rule=rule) for datum in domain.data)
    return Domain(frozenset((0,)), data or (Datum(name, sign, "", 0, rule),))


def worst_of(domains: Sequence[Domain], floor: int = 0) -> Worst:
    """Combine domains that share no input: the worst of what each gives.

    Parameters
    ----------
    domains : sequence of Domain
        At least one.
    floor : int
        Grade that holds whatever the domains give.

    Returns
    -------
    Worst

    Notes
    -----
    As no input acts in two domains, every combination of what they can give is possible, and the
    grades of the worst are exactly the maxima of those combinations. A missing input matters only
    where its domain can rise above what is certain.
    """
    possible = frozenset((floor,))
    for domain in domains:
        possible = frozenset(max(one, other) for one in possible for other in domain.gives)
    certain = min(possible)
    return Worst(
        possible=possible,
        data=tuple(datum for domain in domains for datum in domain.data),
        missing=tuple(
            name
            for domain in domains
            if len(domain.gives) > 1 and max(domain.gives) > certain
            for name in domain.missing
        ),
        warnings=tuple(text for domain in domains for text in domain.warnings),
    )


def deciding(data: Iterable[Datum], lowest: int) -> tuple[Datum, ...]:
    """Pick the data that give the lowest grade possible.

    Parameters
    ----------
    data : iterable of Datum
        All that was read.
    lowest : int
        That grade.

    Returns
    -------
    tuple of Datum
    """
    return tuple(datum for datum in data if datum.gives == lowest)
