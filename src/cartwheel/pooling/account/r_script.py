"""The same analysis in R, by metafor: data inlined, every model and question called."""

from __future__ import annotations

from cartwheel import __version__
from cartwheel.pooling.account.r_data import blocks_of, comment, data_frame
from cartwheel.pooling.account.r_models import model_lines
from cartwheel.pooling.account.r_questions import question_lines
from cartwheel.pooling.plan import PoolPlan
from cartwheel.pooling.result import Pool

_HEAD = """\
library(metafor)

# tau2 to more digits than metafor asks by default
tight <- list(threshold = 1e-10, maxiter = 10000, tol = 1e-12, tau2.max = 1e5)
far <- tight[c("maxiter", "tol", "tau2.max")]
# one line a result: what | numbers on the scale of the measure
told <- function(what, ...)
  cat(what, "|", formatC(as.numeric(c(...)), digits = 10, format = "g"), "\\n")
# estimate and interval of a model, brought back to the scale of the measure
ends <- function(fit, d, turn = back)
  turn(c(fit$beta[1], fit$ci.lb[1], fit$ci.ub[1]), d)
# some of the studies may be too few for a model
attempt <- function(x) tryCatch(suppressWarnings(x), error = function(e) c(NA, NA, NA))
"""
_COUNTS = """\
# studies with events, and with patients without them; a0 is added where a cell is zero
informative <- function(d) {
  d <- d[d$ai + d$ci > 0 & d$ai + d$ci < d$n1i + d$n2i, ]
  d$a0 <- ifelse(d$ai * d$ci * (d$n1i - d$ai) * (d$n2i - d$ci) == 0, 0.5, 0)
  n <- d$n1i + d$n2i
  d$score <- d$n1i * d$n2i * (d$ai + d$ci) * (n - d$ai - d$ci) / (n^2 * (n - 1))
  d
}
"""
_BOTH = """\
# sensitivity and specificity together; what is told is their sum, the log diagnostic odds ratio
both <- function(d) {
  zero <- 0.5 * (d$ai * (d$n1i - d$ai) * d$ci * (d$n2i - d$ci) == 0)
  ill <- escalc(measure = "PLO", xi = d$ai + zero, ni = d$n1i + 2 * zero)
  well <- escalc(measure = "PLO", xi = d$n2i - d$ci + zero, ni = d$n2i + 2 * zero)
  long <- data.frame(yi = c(ill$yi, well$yi), vi = c(ill$vi, well$vi),
    what = rep(c("sensitivity", "specificity"), each = nrow(d)), id = rep(seq_len(nrow(d)), 2))
  fit <- rma.mv(yi, vi, mods = ~ what - 1, random = ~ what | id, struct = "UN", data = long)
  sum <- predict(fit, newmods = c(1, 1), level = LEVEL)
  list(beta = sum$pred, ci.lb = sum$ci.lb, ci.ub = sum$ci.ub,
    pval = 2 * pnorm(-abs(sum$pred / sum$se)))
}
"""


def r_script(pool: Pool, plan: PoolPlan) -> str:
    """Write an R script that repeats a pool with metafor.

    Parameters
    ----------
    pool : Pool
        Complete but for its own words.
    plan : PoolPlan
        What was asked.

    Returns
    -------
    str
        Effects, errors and counts are inlined with all their digits, so the script needs no file.
        It prints one line a result, and draws forest and funnel plots. What rests on random numbers
        (permutations, drawn subsets) is not repeated.

    Notes
    -----
    Written for metafor 3.8; its numbers equal those of cartwheel to 1e-6 relative, a
    binomial-normal model to 1e-4, as closely as metafor converges: tests/unit/test_pool_words.py.
    """
    blocks = blocks_of(pool)
    head = [comment(f"{pool.title or 'Meta-analysis'}, by cartwheel {__version__}, again in R")]
    if pool.simulated:
        head.append(comment("SIMULATED DATA: not real patients"))
    if not blocks:
        return "\n".join([*head, "# no pool has more than one study: nothing to repeat", ""])
    body: list[str] = []
    for block in blocks:
        rows = f"{block.analysis.name}: {block.analysis.k} studies"
        body += ["", comment(f"---- {block.number}. {rows}"), *data_frame(block)]
        if block.clusters:
            body.append("d$id <- seq_len(nrow(d))")
        body += [*model_lines(block, plan), *question_lines(block, plan)]
    text = "\n".join(body)
    parts = [*head, _HEAD.rstrip()]
    if "informative(" in text:
        parts.append(_COUNTS.rstrip())
    if "both(" in text:
        parts.append(_BOTH.rstrip().replace("LEVEL", f"{100 * plan.level:.10g}"))
    figures = 'pdf("cartwheel_figures.pdf")'
    return "\n".join([*parts, figures, text, "", "invisible(dev.off())", ""])
