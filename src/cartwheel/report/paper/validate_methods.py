"""How a validation was made: every choice of the plan and of the run, in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from cartwheel.report.document.blocks import Block, Cell, Heading, Paragraph, Run, Table
from cartwheel.report.paper.develop_score_tables import time_unit
from cartwheel.report.paper.tables import columns, row
from cartwheel.report.paper.validate_shown import Shown, joined
from cartwheel.report.words import Filling

HASH_SHOWN = 19
_MEASURED = ("discrimination", "calibration", "overall")


def methods_blocks(shown: Shown) -> Iterator[Block]:
    """Write the methods of a validation.

    Parameters
    ----------
    shown : Shown
        The result.

    Yields
    ------
    Block
        Headings, paragraphs and the table of scores.
    """
    say = shown.say
    yield Heading(say("shared.heading.methods"), 1, "methods")
    parts: tuple[tuple[str, list[Block | None]], ...] = (
        ("participants", [_participants(shown)]),
        ("scores", [_scores(shown), score_table(shown), *_outcome_said(shown)]),
        ("outcome", [_outcome(shown)]),
        ("missing", [_missing(shown)]),
        ("measures", [_measures(shown), _bands(shown)]),
        ("utility", [_utility(shown)]),
        ("groups", [_groups(shown)]),
        ("updating", [_updating(shown)]),
        ("size", [_size(shown)]),
        ("statistics", [_statistics(shown)]),
    )
    for name, blocks in parts:
        told = [
            block
            for block in blocks
            if block is not None and (not isinstance(block, Paragraph) or block.runs)
        ]
        if told:
            yield Heading(say(f"validate.heading.{name}"), 2, f"methods-{name}")
            yield from told


def _participants(shown: Shown) -> Paragraph:
    say, plan = shown.say, shown.at("plan") or {}
    cohort = plan.get("cohort") or {}
    excluded = [each.get("reason", "") for each in cohort.get("exclude") or ()]
    checked, unchecked = (
        shown.at(f"result.guard.{name}") or [] for name in ("checked", "unchecked")
    )
    data = say.runs(
        "validate.methods.participants",
        file=shown.named("provenance.data_name"),
        hash=shown.named("provenance.data_sha256"),
        rows=shown.run("result.flow[0].patients", "count"),
    )
    return joined(
        data,
        say.runs("validate.methods.id", column=shown.named("plan.cohort.id"))
        if cohort.get("id")
        else say.runs("validate.methods.no_id"),
        say.runs("validate.methods.excluded", reasons=say.listed(excluded)) if excluded else (),
        _landmark(shown),
        say.runs("validate.methods.guard_checked", columns=say.listed(checked)) if checked else (),
        say.runs("validate.methods.guard_unchecked", columns=say.listed(unchecked))
        if unchecked
        else (),
    )


def _landmark(shown: Shown) -> tuple[Run, ...]:
    if shown.at("result.outcome.landmark_day") is None:
        return ()
    day = shown.run("result.outcome.landmark_day", "exact")
    return shown.say.runs("validate.methods.landmark", day=day)


def _scores(shown: Shown) -> Paragraph:
    number = len(shown.score_names())
    if number == 0:
        return Paragraph(())
    if number == 1:
        return shown.paragraph("methods.scores_one")
    return shown.paragraph("methods.scores", count=shown.numbers.length("result.scores"))


def _outcome_said(shown: Shown) -> list[Block]:
    """What each score predicts and how that compares: as the run said it."""
    places = [f"{place}.outcome_said" for place in shown.under("result.scores")]
    told = [place for place in places if shown.at(place)]
    return [
        Paragraph(
            (
                Run(str(shown.at(place.replace("outcome_said", "name"))), "strong"),
                Run(": "),
                *shown.numbers.quoted(place),
            )
        )
        for place in told
    ]


def score_table(shown: Shown) -> Table | None:
    """Tabulate the scores that were validated.

    Parameters
    ----------
    shown : Shown
        The result.

    Returns
    -------
    Table or None
        Name, identifier, version, hash, what each gives, adverse end and options; None for a file
        without scores.
    """
    say = shown.say
    names = ("name", "version", "hash", "status", "gives", "adverse", "choices")
    rows = []
    for place in shown.under("result.scores"):
        score = shown.at(place)
        options = ", ".join(f"{name} = {way}" for name, way in (score.get("choices") or {}).items())
        rows.append(
            row(
                shown.words(f"{place}.name"),
                say(
                    "validate.scores.id_version",
                    id=str(score.get("id", "")),
                    version=str(score.get("version", "")),
                ),
                Cell(str(score.get("sha256", ""))[:HASH_SHOWN], f"{place}.sha256"),
                shown.words(f"{place}.status"),
                _gives(shown, score),
                _adverse(shown, score),
                Cell(options, f"{place}.choices") if options else Cell(""),
            )
        )
    if not rows:
        return None
    labels = [say(f"validate.scores.{name}") for name in names]
    widths = (1.6, 1.5, 1.3, 0.9, 1.1, 1.1, 1.1)
    return Table(
        "table-scores", say("validate.scores.caption"), columns(labels, widths), tuple(rows)
    )


def _gives(shown: Shown, score: dict[str, Any]) -> str:
    key = f"validate.gives.{str(score.get('predicts', '')).replace(' ', '_')}"
    return shown.say(key) if key in shown.say else str(score.get("predicts", ""))


def _adverse(shown: Shown, score: dict[str, Any]) -> str:
    say, end = shown.say, str(score.get("adverse", ""))
    if f"validate.adverse.{end}" in say:
        end = say(f"validate.adverse.{end}")
    source = str(score.get("adverse_source", "")).replace(" ", "_")
    known = source in ("score_file", "risk", "plan")
    return say(f"validate.adverse.{source if known else 'other'}", end=end)


def _outcome(shown: Shown) -> Paragraph:
    say, plan = shown.say, (shown.at("plan") or {}).get("outcome") or {}
    kind = str(shown.at("result.outcome.kind"))
    unit = time_unit(shown.numbers)
    fields: dict[str, Filling] = {
        "outcome": shown.named("result.outcome.label"),
        "column": str(plan.get("event") or ""),
        "time": str(plan.get("time") or ""),
        "horizon": shown.run("result.outcome.horizon", "exact"),
        "unit": unit,
    }
    key = kind if kind in ("survival", "competing") else "binary"
    follow_up = shown.at("result.outcome.follow_up")
    return joined(
        say.runs(f"validate.methods.outcome_{key}", **fields),
        say.runs(
            "validate.methods.follow_up",
            median=shown.run("result.outcome.follow_up", "time", "shared.not_reached"),
            unit=unit,
        )
        if follow_up
        else (),
    )


def _missing(shown: Shown) -> Paragraph:
    say = shown.say
    one = "_one" if len(shown.score_names()) == 1 else ""
    if not shown.at("result.imputation"):
        return joined(
            say.runs(f"validate.methods.missing_same{one}"),
            say.runs("validate.methods.missing_none"),
        )
    plan = (shown.at("plan") or {}).get("imputation") or {}
    more = [str(name) for name in plan.get("auxiliary") or ()]
    auxiliary: tuple[Run, ...] = ()
    if more:
        auxiliary = say.runs("validate.methods.imputed_auxiliary", columns=say.listed(more))
    resampled = shown.at("result.imputation.resamples")
    return joined(
        say.runs(f"validate.methods.missing_same{one}"),
        say.runs(
            "validate.methods.imputed",
            copies=shown.run("result.imputation.imputations", "count"),
            rounds=shown.run("result.imputation.iterations", "count"),
            auxiliary=auxiliary,
            outcome=shown.named("result.imputation.outcome_in_model"),
        ),
        say.runs(
            "validate.methods.imputed_resampled",
            resamples=shown.run("result.imputation.resamples", "count"),
        )
        if resampled
        else say.runs("validate.methods.imputed_rubin"),
    )


def _measures(shown: Shown) -> Paragraph:
    say = shown.say
    sentences = []
    for group in _MEASURED:
        named = _named_measures(shown, group)
        if named:
            key = f"validate.methods.{group}"
            sentences.append(say.runs(key, measures=say.listed(named)))
    plots = any(shown.at(f"{place}.plot") for place in shown.under("result.scores"))
    ranked = [
        str(shown.at(f"{place}.name"))
        for place in shown.under("result.scores")
        if shown.at(f"{place}.predicts") == "value"
    ]
    groups = shown.run("plan.groups", "count")
    return joined(
        *sentences,
        say.runs("validate.methods.plots", groups=groups) if plots else (),
        say.runs("validate.methods.ranks_only", scores=shown.listed(ranked)) if ranked else (),
        say.runs("validate.methods.compared") if shown.at("result.comparisons") else (),
    )


def _named_measures(shown: Shown, group: str) -> list[tuple[Run, ...]]:
    found: dict[str, str] = {}
    for place in shown.under("result.scores"):
        for measure in shown.at(f"{place}.{group}") or ():
            found.setdefault(str(measure.get("name")), str(measure.get("label", "")))
    keys = {name: f"validate.measured.{name}" for name in found}
    return [
        shown.say.runs(keys[name]) if keys[name] in shown.say else (Run(label),)
        for name, label in found.items()
    ]


def _bands(shown: Shown) -> Paragraph:
    say = shown.say
    places = [place for place in shown.under("result.scores") if shown.at(f"{place}.bands")]
    if not places:
        return Paragraph(())
    tests = _once(
        test.get("name") for place in places for test in shown.at(f"{place}.band_tests") or ()
    )
    edges = any(shown.at(f"{place}.edges") for place in places)
    return joined(
        say.runs("validate.methods.bands", tests=say.listed(tests))
        if tests
        else say.runs("validate.methods.bands_untested"),
        say.runs("validate.methods.edges") if edges else (),
    )


def _utility(shown: Shown) -> Paragraph:
    say = shown.say
    if not shown.at("result.decision"):
        return shown.paragraph("methods.utility_none")
    default = any(
        note.get("code") == "thresholds_default" for note in shown.at("result.notes") or ()
    )
    left_out = shown.at("result.decision.left_out") or []
    return joined(
        say.runs(
            "validate.methods.utility",
            low=shown.run("plan.decision.low", "level"),
            high=shown.run("plan.decision.high", "level"),
            step=shown.run("plan.decision.step", "level"),
        ),
        say.runs("validate.methods.utility_default") if default else (),
        say.runs("validate.methods.utility_out", scores=shown.listed(left_out)) if left_out else (),
    )


def _groups(shown: Shown) -> Paragraph:
    say = shown.say
    labels = [str(shown.at(f"{place}.label")) for place in shown.under("result.subgroups")]
    centres = shown.at("result.centres")
    if not labels and not centres:
        return shown.paragraph("methods.no_groups")
    binary = "_binary" if shown.at("result.outcome.kind") == "binary" else ""
    return joined(
        say.runs("validate.methods.subgroups", columns=say.listed(labels)) if labels else (),
        say.runs("validate.methods.centres", column=shown.named("result.centres.column"))
        if centres
        else (),
        say.runs(
            f"validate.methods.withheld{binary}",
            patients=shown.run("plan.withhold.patients", "count"),
            events=shown.run("plan.withhold.events", "count"),
        ),
    )


def _updating(shown: Shown) -> Paragraph:
    say = shown.say
    if not shown.at("result.updates"):
        return Paragraph(())
    more = ((shown.at("plan") or {}).get("update") or {}).get("extend") or ()
    extended: tuple[Run, ...] = ()
    if more:
        extended = say.runs("validate.methods.ladder_extended", columns=say.listed(more))
    resampled = shown.at("plan.resampling.bootstrap")
    return joined(
        say.runs(
            "validate.methods.ladder",
            extended=extended,
            alpha=shown.run("result.updates[0].alpha", "exact"),
        ),
        say.runs(f"validate.methods.ladder_{'corrected' if resampled else 'apparent'}"),
    )


def _size(shown: Shown) -> Paragraph:
    return shown.paragraph(f"methods.{'size' if shown.at('result.sizes') else 'size_none'}")


def _statistics(shown: Shown) -> Paragraph:
    say = shown.say
    libraries = shown.at("provenance.libraries") or {}
    versions = tuple(
        Run(f"{name} {version}", source=f"provenance.libraries.{name}")
        for name, version in libraries.items()
    )
    return joined(
        say.runs(
            "validate.methods.resampling",
            resamples=shown.run("plan.resampling.bootstrap", "count"),
            seed=shown.run("plan.resampling.seed", "exact"),
        )
        if shown.at("plan.resampling.bootstrap")
        else say.runs("validate.methods.resampling_none"),
        say.runs("validate.methods.level", level=shown.run("plan.level", "level"))
        if shown.at("plan.level")
        else (),
        say.runs(
            "validate.methods.software",
            version=shown.named("provenance.cartwheel"),
            libraries=say.listed(versions),
        ),
    )


def _once(names: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(str(name) for name in names))
