"""Calls of metafor for what a pool is asked."""

from __future__ import annotations

from collections.abc import Callable

from cartwheel.pooling.account.r_data import CUTOFF, Block, r_text, regressors
from cartwheel.pooling.account.r_models import BACK, TESTS, TWO_STAGE, comment_line, two_stage
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.result_questions import MetaRegression, SmallStudyTest, Subgroups


def question_lines(block: Block, plan: PoolPlan) -> list[str]:
    """Write every question that a pool was asked, as R.

    Parameters
    ----------
    block : Block
        The pool; ``d``, ``back``, ``pooled`` and ``main`` are there.
    plan : PoolPlan
        What was asked.

    Returns
    -------
    list of str
    """
    lines = [*_refits(block), *_influence(block, plan)]
    for place, groups in enumerate(block.analysis.subgroups, start=1):
        lines += _subgroups(block, groups, place, plan)
    names = list(regressors(block))
    for one in block.analysis.regressions:
        lines += _regression(block, one, names, plan)
    return [*lines, *_small_studies(block, plan), *_plots(block)]


def _method(plan: PoolPlan) -> tuple[str, str]:
    """Estimator and interval of what only two-stage models answer."""
    code = plan.method if plan.method in TWO_STAGE else "REML"
    return code, "normal" if code == "common" else plan.interval


def _refits(block: Block) -> list[str]:
    number, lines = block.number, []
    if block.analysis.leave_one_out:
        lines += [
            "",
            comment_line("each study left out"),
            "for (i in seq_len(nrow(d)))",
            f'  told(paste("{number} without", d$study[i]),',
            "    attempt(ends(pooled(d[-i, ]), d[-i, ])))",
        ]
    if block.analysis.cumulative:
        at = {(row.study, row.row): i for i, row in enumerate(block.analysis.studies, start=1)}
        order = ", ".join(str(at[row.study, row.row]) for row in block.analysis.cumulative)
        lines += [
            "",
            comment_line("studies added one by one, in this order"),
            f"added <- c({order})",
            "for (i in seq_along(added)[-1]) {",
            "  so_far <- d[added[1:i], ]",
            f'  told(paste("{number} up to", d$study[added[i]]),',
            "    attempt(ends(pooled(so_far), so_far)))",
            "}",
        ]
    return lines


def _influence(block: Block, plan: PoolPlan) -> list[str]:
    if not block.analysis.influence:
        return []
    code, interval = _method(plan)
    number = block.number
    return [
        "",
        comment_line("influence of each study, and its place in the plot of Baujat"),
        f"moved <- influence({two_stage(code, interval, plan)})$inf",
        "for (i in seq_len(nrow(d)))",
        f'  told(paste("{number} influence", d$study[i]), moved$rstudent[i], moved$dffits[i],',
        "    moved$cook.d[i], moved$cov.r[i], moved$hat[i], moved$weight[i])",
        f"spots <- baujat({two_stage('common', 'normal', plan)})",
        "spots <- spots[order(spots$ids), ]",
        "for (i in seq_len(nrow(d)))",
        f'  told(paste("{number} Baujat", d$study[i]), spots$x[i], spots$y[i])',
    ]


def _subgroups(block: Block, groups: Subgroups, place: int, plan: PoolPlan) -> list[str]:
    number, column = block.number, f"g{place}"
    levels = ", ".join(r_text(row.level) for row in groups.rows)
    main = block.analysis.main
    lines = [
        "",
        comment_line(f"by {' '.join(groups.column.split())}"),
        f"levels <- c({levels})",
        "for (level in levels) {",
        f"  part <- d[which(d${column} == level), ]",
        "  if (nrow(part) > 1)",
        f'    told(paste("{number} subgroup", level), ends(pooled(part), part))',
        "}",
    ]
    if main.code not in TWO_STAGE:
        return lines
    normal = two_stage(main.code, "normal", plan, "part")
    lines += [
        "parts <- sapply(levels, function(level) {",
        f"  part <- d[which(d${column} == level), ]",
        "  if (nrow(part) == 1) return(c(part$yi, part$sei))",
        f"  alone <- {normal}",
        "  c(alone$beta, alone$se)",
        "})",
        'between <- rma(parts[1, ], sei = parts[2, ], method = "FE")',
        f'told("{number} between", between$QE, between$QEp)',
    ]
    if groups.p_value_common is not None:
        interval = main.interval if main.code != "common" else "normal"
        kept = f"d[!is.na(d${column}), ]"
        call = _moderated(main.code, interval, f"factor({column}, levels = levels)", plan, kept)
        lines += [
            f"common <- {call}",
            f'told("{number} between, common tau2", common$QM, common$QMp)',
        ]
    return lines


def _moderated(code: str, interval: str, formula: str, plan: PoolPlan, data: str) -> str:
    level = f"level = {100 * plan.level:.10g}"
    if code == "common":
        return f'rma(yi, sei = sei, mods = ~ {formula}, data = {data}, method = "FE", {level})'
    return (
        f'rma(yi, sei = sei, mods = ~ {formula}, data = {data}, method = "{code}", '
        f'test = "{TESTS[interval]}", {level}, control = tight)'
    )


def _regression(block: Block, one: MetaRegression, names: list[str], plan: PoolPlan) -> list[str]:
    if any(name not in names for name in one.columns):
        return []
    code, interval = _method(plan)
    if one.rows and "floor" in one.rows[0].coefficient.method:
        interval = "knapp_hartung_floor"
    columns = [f"x{names.index(name) + 1}" for name in one.columns]
    trend = one.columns == (CUTOFF,) and any("cutoff" in row.term for row in one.rows)
    logged = trend and any(row.term.startswith("log2") for row in one.rows)
    found = regressors(block)
    terms = [
        f"factor({x}, levels = unique({x}))" if found[name].numbers is None else x
        for x, name in zip(columns, one.columns, strict=True)
    ]
    if logged:
        terms = [f"log2({terms[0]})"]
    kept = f"d[complete.cases(d[, c({', '.join(r_text(x) for x in columns)}), drop = FALSE]), ]"
    named = " ".join(" + ".join(one.columns).split())
    return [
        "",
        comment_line(f"regression on {named}"),
        f"part <- {kept}",
        f"line <- {_moderated(code, interval, ' + '.join(terms), plan, 'part')}",
        "print(line)",
        "for (i in seq_along(line$beta))",
        f'  told(paste("{block.number} regression", i), line$beta[i], line$ci.lb[i], '
        "line$ci.ub[i],",
        "    line$pval[i])",
        f'told("{block.number} regression tau2", line$tau2)',
    ]


def _small_studies(block: Block, plan: PoolPlan) -> list[str]:
    found, number = block.analysis.small_studies, block.number
    lines: list[str] = []
    if found.asked:
        lines += ["", comment_line("small-study effects")]
        for test in found.tests:
            call = _test_call(test)
            if call is not None:
                lines += [f"test <- {call(plan)}", _test_told(number, test)]
        code, interval = _method(plan)
        # metafor would give the filled studies a normal interval of 95 % whatever the model has
        same = f'test = "{TESTS[interval]}", level = {100 * plan.level:.10g}'
        for fill in found.trim_fill:
            lines += [
                f"filled <- trimfill({two_stage(code, interval, plan)}, "
                f'estimator = "{fill.estimator}", {same}, control = tight)',
                f'told("{number} trim and fill {fill.estimator}", filled$k0, ends(filled, d))',
            ]
    if found.selection is not None:
        side = "greater" if plan.harm == "above" else "less"
        lines += [
            "# the optimiser of R does not always converge here",
            "chosen <- try(selmodel(",
            f"  {two_stage('ML', 'normal', plan)},",
            f'  type = "stepfun", steps = 0.025, alternative = "{side}", '
            'control = list(optimizer = "nlminb")',
            "), silent = TRUE)",
            f'if (!inherits(chosen, "try-error")) told("{number} selection", ends(chosen, d))',
        ]
    for rule, _ in found.fail_safe:
        lines.append(
            f'told("{number} fail-safe {rule}", fsn(d$yi, d$sei^2, type = "{rule.capitalize()}")'
            "$fsnum)"
        )
    return lines


_Call = Callable[[PoolPlan], str]
_LINES = {
    "peters": ("log((ai + a0) * (n2i - ci + a0) / ((ci + a0) * (n1i - ai + a0)))",
               "1 / (n1i + n2i)",
               "(ai + ci) * (n1i + n2i - ai - ci) / (n1i + n2i)"),
    "deeks": ("log((ai + a0) * (n2i - ci + a0) / ((ci + a0) * (n1i - ai + a0)))",
              "1 / sqrt(4 * n1i * n2i / (n1i + n2i))",
              "4 * n1i * n2i / (n1i + n2i)"),
    "harbord": ("(ai - n1i * (ai + ci) / (n1i + n2i)) / score", "1 / sqrt(score)", "score"),
}  # fmt: skip


def _test_call(test: SmallStudyTest) -> _Call | None:
    if test.name == "egger":
        return lambda _: 'regtest(yi, sei = sei, data = d, model = "lm")'
    if test.name == "egger_random":
        return lambda plan: f"regtest({two_stage('REML', 'normal', plan)})"
    if test.name == "egger_inverse_sqrt_n":
        return lambda _: (
            'regtest(yi, sei = sei, ni = ni, data = d, model = "lm", predictor = "sqrtninv")'
        )
    if test.name == "begg":
        return lambda _: "ranktest(yi, sei = sei, data = d)"
    if test.name in _LINES:
        y, x, weight = _LINES[test.name]
        return lambda _: (
            "summary(with(informative(d), lm(\n"
            f"  I({y}) ~\n    I({x}),\n  weights = {weight})))$coefficients"
        )
    return None


def _test_told(number: int, test: SmallStudyTest) -> str:
    label = f'"{number} {test.name}"'
    if test.name == "begg":
        return f"told({label}, test$pval)"
    if test.name in _LINES:
        return f'told({label}, test[2, "t value"], test[2, "Pr(>|t|)"])'
    return f"told({label}, test$zval, test$pval)"


def _plots(block: Block) -> list[str]:
    main = block.analysis.main
    if main.code not in (*TWO_STAGE, "MH", "peto"):
        return []
    scale = {"log": ", atransf = exp", "logit": ", transf = plogis"}.get(block.analysis.scale, "")
    assert block.analysis.scale in BACK
    title = r_text(block.analysis.name)
    return [
        "",
        comment_line("figures"),
        f"forest(main, header = TRUE, main = {title}{scale})",
        f"funnel(main, main = {title})",
    ]
