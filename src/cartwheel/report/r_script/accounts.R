# ---- tables -------------------------------------------------------------------------------------
summary_of <- function(x, yes_no) {
  known <- x[!is.na(x)]
  found <- list(n = length(known), missing = sum(is.na(x)))
  if (yes_no) return(c(found, list(count = sum(known), percent = if (length(known)) 100 * mean(known))))
  if (!length(known)) return(found)
  quarter <- quantile(known, c(.25, .5, .75), type = 7, names = FALSE)
  c(found, list(median = quarter[2], lower_quartile = quarter[1], upper_quartile = quarter[3]))
}
yes_no <- function(x) any(!is.na(x)) && all(x %in% c(0, 1, NA))
smd <- function(a, b, yes_no) {
  a <- a[!is.na(a)]
  b <- b[!is.na(b)]
  if (length(a) < 2 || length(b) < 2) return(NULL)
  if (yes_no) {
    if (mean(a) == mean(b)) return(0)
    spread <- sqrt((mean(a) * (1 - mean(a)) + mean(b) * (1 - mean(b))) / 2)
    return(if (spread > 0) abs(mean(a) - mean(b)) / spread)
  }
  if (mean(a) == mean(b)) return(0)
  spread <- sqrt((var(a) + var(b)) / 2)
  if (spread > 0) abs(mean(a) - mean(b)) / spread
}
# x and outcome of the eligible patients; one row of Table 1
table_one_row <- function(row, x, outcome, level = NULL) {
  place <- at_row("result.table_one", row)
  if (!is.null(level)) x <- as.numeric(x == level)
  counted <- !is.null(level) || yes_no(x)
  tell_fields(paste0(place, ".overall"), summary_of(x, counted))
  tell_fields(paste0(place, ".with_event"), summary_of(x[outcome == 1], counted))
  tell_fields(paste0(place, ".without_event"), summary_of(x[outcome == 0], counted))
  tell(paste0(place, ".smd"), smd(x[outcome == 1], x[outcome == 0], counted))
}
# a block of one variable: its columns, and for a spline the contrast of its quartiles
block_of <- function(item, transform) {
  knots <- knots_of(item$x, transform)
  x <- basis_at(item$x, transform, knots)
  if (is.null(knots)) return(list(x = x))
  ends <- quantile(item$x, c(.25, .75), type = 7, names = FALSE)
  if (ends[1] == ends[2]) ends <- range(knots)
  list(x = x, contrast = drop(diff(basis_at(ends, "none", knots))))
}
tell_term <- function(place, value, error, limits, p) {
  tell_estimate(paste0(place, ".effect"), exp(c(value, limits)))
  tell_fields(place, list(coefficient = value, std_error = error, p_value = p))
}
# one model of all blocks; 'rows' are the patients in it
tell_regression <- function(place, blocks, first = 1, rows = everyone, penalty = PENALTY) {
  x <- do.call(cbind, lapply(blocks, function(b) as.matrix(b$x)[rows, , drop = FALSE]))
  binary <- KIND == "binary"
  fit <- if (binary) logistic_fit(x, event[rows], penalty) else cox_fit(x, time[rows], event[rows])
  shift <- if (binary) 1 else 0
  penalised <- binary && isTRUE(fit$firth)
  last <- cumsum(sapply(blocks, function(b) ncol(as.matrix(b$x))))
  for (i in seq_along(blocks)) {
    at <- ((if (i == 1) 0 else last[i - 1]) + 1):last[i] + shift
    beta <- fit$coefficients[at]
    part <- fit$covariance[at, at, drop = FALSE]
    contrast <- blocks[[i]]$contrast
    if (is.null(contrast)) {
      value <- beta
      error <- sqrt(part[1, 1])
      limits <- if (penalised) firth_profile(x, event[rows], fit, at, LEVEL) else wald_ends(value, error, LEVEL)[-1]
      p <- if (penalised) pchisq(firth_test(x, event[rows], fit, at), 1, lower.tail = FALSE) else wald_p(value, error)
    } else {
      value <- sum(contrast * beta)
      error <- sqrt(drop(contrast %*% part %*% contrast))
      limits <- wald_ends(value, error, LEVEL)[-1]
      statistic <- if (penalised) firth_test(x, event[rows], fit, at) else sum(beta * solve(part, beta))
      p <- pchisq(statistic, length(beta), lower.tail = FALSE)
    }
    tell_term(at_row(paste0(place, ".rows"), first + i - 1), value, error, limits, p)
  }
}
# each block alone; one that cannot be fitted has no row
tell_univariable <- function(blocks) {
  row <- 1
  for (block in blocks) {
    fitted <- tryCatch({ tell_regression("result.univariable", list(block), first = row); TRUE },
      error = function(e) FALSE)
    if (fitted) row <- row + 1
  }
}
# p of a searched cut-off by permutation: 'copies' are the values of x, one vector where nothing was
# imputed, and the median over them is told
tell_permuted <- function(place, item, copies, number) {
  if (item$cutoff == "fixed" || PERMUTATIONS < 1) return(invisible())
  set.seed(SEED + number)
  weights <- search_weights(everyone)
  found <- sapply(copies, function(x)
    permuted_p(turn(item) * x, item$cutoff, MIN_FRACTION, weights, PERMUTATIONS))
  between <- if (length(copies) > 1) percentile_error(found[1, ], 0.5) else 0
  tell_drawn(paste0(place, ".p_adjusted"), median(found[1, ]), sqrt(median(found[2, ])^2 + between^2))
}
tell_cutoffs <- function(items, found) {
  for (i in seq_along(items)) {
    place <- at_row("result.cutoffs", i)
    given <- point(items[[i]], found[[i]]$cut)
    tell_fields(place, c(found[[i]], list(points_given = sum(given))))
    if (length(unique(given)) > 1 && (items[[i]]$cutoff == "fixed" || TESTED))
      tell(paste0(place, ".p_naive"), if (KIND == "survival") log_rank(time, event, given)$p_value
        else pchisq(n * cor(event, given)^2, 1, lower.tail = FALSE))
    tell_permuted(place, items[[i]], list(items[[i]]$x), i)
    tell_vector(paste0(place, ".values"), quantile(items[[i]]$x, 0:10 / 10, type = 7, names = FALSE))
  }
}
by_horizon <- function() if (KIND == "binary") event else event * (time <= horizon)
observed_risk <- function(members) {
  if (KIND == "binary") return(wilson(sum(event[members]), sum(members), LEVEL))
  found <- km_at(time[members], event[members], horizon, LEVEL)
  1 - found[c(1, 3, 2)]
}
tell_groups <- function(members, model) {
  members <- members[sapply(members, any)]
  if (length(members) > 1) {
    dummies <- lapply(members[-1], function(m) list(x = cbind(as.numeric(m))))
    # a group may have no event, so odds ratios are always Firth's
    effects <- attempt("effects of the groups", tell_group_effects(dummies))
  }
  for (i in seq_along(members)) {
    place <- at_row("result.groups", i)
    m <- members[[i]]
    tell_fields(place, list(n = sum(m), events = sum(by_horizon()[m]), predicted = mean(model$risk[m])))
    tell_estimate(paste0(place, ".observed"), observed_risk(m))
  }
  if (length(members) < 2) return(invisible())
  rank <- Reduce(`+`, Map(function(m, i) m * (i - 1), members, seq_along(members)))
  if (KIND == "survival") {
    tell_fields("result.group_tests[0]", log_rank(time, event, rank)[1:3])
    tell_fields("result.group_tests[1]", log_rank_trend(time, event, rank))
    ticks <- TICKS
    for (i in seq_along(members)) {
      place <- at_row("result.survival", i)
      m <- members[[i]]
      tell_fields(place, list(n = sum(m), events = sum(event[m])))
      tell_estimate(paste0(place, ".median"), median_time(time[m], event[m], LEVEL))
      tell_estimate(paste0(place, ".at_horizon"), km_at(time[m], event[m], horizon, LEVEL))
      tell_vector(paste0(place, ".at_risk"), sapply(ticks, function(t) sum(time[m] >= t)))
    }
  } else {
    statistic <- n * cor(event, rank)^2
    tell_fields("result.group_tests[0]", list(statistic = statistic, df = 1, p_value = pchisq(statistic, 1, lower.tail = FALSE)))
  }
}
tell_group_effects <- function(dummies) {
  x <- do.call(cbind, lapply(dummies, `[[`, "x"))
  if (KIND == "binary") {
    fit <- firth_fit(x, event)
    for (i in seq_along(dummies))
      tell_estimate(paste0(at_row("result.groups", i + 1), ".effect"),
        exp(c(fit$coefficients[i + 1], firth_profile(x, event, fit, i + 1, LEVEL))))
  } else {
    fit <- cox_fit(x, time, event)
    for (i in seq_along(dummies))
      tell_estimate(paste0(at_row("result.groups", i + 1), ".effect"),
        exp(wald_ends(fit$coefficients[i], sqrt(fit$covariance[i, i]), LEVEL)))
  }
}
# bands of a points score: neighbouring totals with about as many patients each
band_members <- function(totals, names) {
  edges <- unique(quantile(totals, seq_len(names - 1) / names, type = 1, names = FALSE))
  edges <- edges[edges < max(totals)]
  place <- findInterval(totals, edges, left.open = TRUE)
  lapply(0:length(edges), function(i) place == i)
}
tell_risk_table <- function(model, totals) {
  slope <- if (length(model$coefficients)) model$coefficients else 0
  for (i in seq_along(totals)) {
    hit <- model$totals == totals[i]
    tell_fields(at_row("result.risk_table", i), list(total = totals[i], n = sum(hit),
      events = sum(by_horizon()[hit]), predicted = risk_at(model$intercept + slope * totals[i])))
  }
}
tell_calibration <- function(model) {
  risk <- model$risk
  levels <- sort(unique(risk))
  if (length(levels) <= 6) {
    place <- match(risk, levels)
  } else {
    count <- if (n >= 500) 10 else if (n >= 100) 5 else 4
    edges <- unique(quantile(risk, seq_len(count - 1) / count, type = 7, names = FALSE))
    place <- findInterval(risk, edges, left.open = TRUE)
  }
  groups <- sort(unique(place))
  for (i in seq_along(groups)) {
    here <- at_row("result.calibration.points", i)
    m <- place == groups[i]
    tell_fields(here, list(predicted = mean(risk[m]), n = sum(m)))
    tell_estimate(paste0(here, ".observed"), observed_risk(m))
  }
}
tell_roc <- function(model) {
  weight <- if (KIND == "survival") horizon_weights(time, event, horizon)
  area <- function(score) if (KIND == "survival") weighted_area(score, weight$case, weight$control) else
    tryCatch(suppressWarnings(pROC::ci.auc(roc_of(score), conf.level = LEVEL, method = "delong"))[c(2, 1, 3)],
      error = function(e) weighted_area(score, event, 1 - event))
  tell_estimate("result.roc[0].auc", area(model$score))
  row <- 2
  for (item in predictors) {
    if (is.null(item$direction) || distinct(item) <= 2) next
    tell_estimate(paste0(at_row("result.roc", row), ".auc"), area(turn(item) * item$x))
    row <- row + 1
  }
}
tell_splines <- function(model) {
  fit <- judged_fit(do.call(cbind, lapply(model$blocks, `[[`, "x")), everyone)
  last <- cumsum(sapply(model$blocks, function(b) ncol(b$x)))
  row <- 1
  for (i in seq_along(predictors)) {
    item <- predictors[[i]]
    if (distinct(item) <= 2) next
    at <- ((if (i == 1) 0 else last[i - 1]) + 1):last[i]
    x <- scaled(item)
    ends <- quantile(x, c(.025, .975), type = 7, names = FALSE)
    grid <- sort(unique(c(seq(ends[1], ends[2], length.out = 60), median(x))))
    knots <- model$blocks[[i]]$knots
    basis <- sweep(basis_at(grid, "none", knots), 2, drop(basis_at(median(x), "none", knots)))
    effect <- drop(basis %*% fit$coefficients[at])
    reach <- qnorm((1 + LEVEL) / 2) * sqrt(pmax(rowSums((basis %*% fit$covariance[at, at]) * basis), 0))
    place <- at_row("result.splines", row)
    back <- function(v) switch(on_scale(item), log2 = 2^v, sqrt = v^2, none = v)
    tell_vector(paste0(place, ".x"), back(grid))
    tell_vector(paste0(place, ".log_effect"), effect)
    tell_vector(paste0(place, ".low"), effect - reach)
    tell_vector(paste0(place, ".high"), effect + reach)
    if (!is.null(knots)) tell_vector(paste0(place, ".knots"), back(knots))
    row <- row + 1
  }
}
# tests of the total against further columns, adjusted for looking at several
association_kind <- function(x) {
  if (is.character(x)) return("category")
  if (yes_no(x)) return("binary")
  known <- unique(x[!is.na(x)])
  if (length(known) <= 6 && all(known == round(known))) "ordinal" else "number"
}
association <- function(x, totals) {
  known <- !is.na(x)
  x <- x[known]
  totals <- totals[known]
  if (length(unique(x)) < 2 || length(unique(totals)) < 2) return(NULL)
  kind <- association_kind(x)
  if (kind == "binary") {
    statistic <- length(x) * cor(x, totals)^2
    return(list(statistic = statistic, df = 1, p_value = pchisq(statistic, 1, lower.tail = FALSE), n = length(x)))
  }
  if (kind == "category") {
    test <- kruskal.test(totals, factor(x))
    return(list(statistic = test$statistic, df = test$parameter, p_value = test$p.value, n = length(x)))
  }
  # Jonckheere and Terpstra's z is that of Kendall's tau
  test <- suppressWarnings(cor.test(x, totals, method = if (kind == "ordinal") "kendall" else "spearman", exact = FALSE))
  if (kind == "ordinal") return(list(statistic = test$statistic, p_value = test$p.value, n = length(x)))
  list(statistic = test$estimate, df = length(x) - 2, p_value = test$p.value, n = length(x))
}
tell_associations <- function(columns, totals, members, adjust) {
  members <- members[sapply(members, any)]
  found <- lapply(columns, association, totals)
  there <- !sapply(found, is.null)
  found <- found[there]
  adjusted <- p.adjust(sapply(found, `[[`, "p_value"), adjust)
  for (i in seq_along(found)) {
    place <- at_row("result.associations", i)
    tell_fields(place, c(found[[i]], list(p_adjusted = adjusted[i])))
    x <- columns[there][[i]]
    counted <- is.character(x) || yes_no(x)
    if (is.character(x)) x <- as.numeric(x == sort(unique(x))[1])
    for (g in seq_along(members))
      tell_fields(paste0(at_row(paste0(place, ".by_group"), g), "[1]"), summary_of(x[members[[g]]], counted))
  }
}
tell_proportional <- function(totals, blocks) {
  place <- "result.proportional_hazards"
  row <- function(test, i) list(statistic = test$table[i, "chisq"], df = test$table[i, "df"], p_value = test$table[i, "p"])
  alone <- coxph(Surv(time, event) ~ totals, control = strict)
  tell_fields(paste0(place, ".score"), row(cox.zph(alone), 1))
  x <- lapply(blocks, function(b) as.matrix(b$x))
  names(x) <- paste0("b", seq_along(x))
  joint <- coxph(reformulate(names(x), "Surv(time, event)"), data = x, control = strict)
  test <- cox.zph(joint)
  for (i in seq_along(x)) tell_fields(at_row(paste0(place, ".terms"), i), row(test, i))
  tell(paste0(place, ".global_p_value"), test$table["GLOBAL", "p"])
}
# the score card of an index: nothing below a cut-off, one point beyond it
tell_index_card <- function(cuts) {
  for (i in seq_along(predictors)) {
    given <- sum(point(predictors[[i]], cuts[[i]]$cut))
    for (points in 0:1)
      tell_fields(at_row("result.score_card", 2 * i - 1 + points),
        list(points = points, exact = points, n = if (points) given else n - given))
  }
}
tell_points_card <- function(score) {
  row <- 1
  for (card in score$cards) for (i in seq_along(card$points)) {
    tell_fields(at_row("result.score_card", row),
      list(points = card$points[i], exact = card$exact[i], n = sum(card$place == i)))
    row <- row + 1
  }
}
possible_totals <- function(score) {
  end <- function(of) sum(sapply(score$cards, function(card) of(card$points)))
  end(min):end(max)
}
tell_rounding <- function(score) {
  before <- measure(score$exact, everyone)
  after <- measure(score, everyone)
  lost <- which(MEASURES %in% c("auc", "c_index", "brier"))
  for (i in seq_along(lost))
    tell_fields(at_row("result.rounding", i), list(exact = before[lost[i]], points = after[lost[i]]))
}
# each predictor as a block: of an index uncut, of points as planned
index_blocks <- function() lapply(predictors, function(item) {
  skewed <- item$skewed && all(item$x > 0) && item$transform == "none"
  block_of(item, if (skewed) "log2" else item$transform)
})
points_blocks <- function(score) Map(function(item, made)
  if (is.null(made$found)) block_of(item, item$transform) else list(x = made$x), predictors, score$blocks)
tell_adjusted <- function(score, columns) {
  known <- complete.cases(as.data.frame(columns))
  blocks <- c(list(list(x = cbind(score$totals))), unname(lapply(columns, function(x) list(x = cbind(x)))))
  tell_regression("result.adjusted_model", blocks, rows = known,
    penalty = if (PENALTY == "firth") "firth" else "none")
}
tell_shrinkage <- function(model) {
  x <- do.call(cbind, lapply(model$blocks, `[[`, "x"))
  ratio <- if (KIND == "survival") cox_fit(x, time, event)$ratio else
    2 * (logistic_fit(x, event, "none")$value - sum(dbinom(event, 1, mean(event), log = TRUE)))
  tell("result.sample_size.expected_shrinkage", (ratio - ncol(x)) / ratio)
}
tell_events_per_parameter <- function(tried) {
  rarer <- if (KIND == "binary") min(sum(event), sum(1 - event)) else sum(event)
  tell("result.sample_size.events_per_parameter", rarer / tried)
}
