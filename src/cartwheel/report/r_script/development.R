# ---- a development: made on the patients 'rows', evaluated for everyone --------------------------
# KIND, METHOD, LEVEL, PENALTY, MIN_FRACTION, 'predictors', 'event', 'time' and 'horizon' are above
n <- length(event)
everyone <- seq_len(n)
distinct <- function(item) length(unique(item$x[!is.na(item$x)]))
# coefficients of a regression, and linear predictor and risk of everyone
regression <- function(x, rows, score = NULL) {
  x <- as.matrix(x)
  if (KIND == "binary") {
    fit <- logistic_fit(x[rows, , drop = FALSE], event[rows], PENALTY)
    lp <- fit$coefficients[1] + drop(x %*% fit$coefficients[-1])
    return(list(coefficients = fit$coefficients[-1], intercept = fit$coefficients[1], lp = lp,
      risk = plogis(lp), score = if (is.null(score)) lp else score, fit = fit))
  }
  fit <- cox_fit(x[rows, , drop = FALSE], time[rows], event[rows])
  lp <- drop(x %*% fit$coefficients)
  hazard <- baseline_at(lp[rows], time[rows], event[rows], horizon)
  list(coefficients = fit$coefficients, intercept = log(hazard), lp = lp,
    risk = -expm1(-hazard * exp(lp)), score = if (is.null(score)) lp else score, fit = fit)
}
risk_at <- function(lp) if (KIND == "binary") plogis(lp) else -expm1(-exp(lp))
constant <- function(rows) {
  rate <- if (KIND == "binary") mean(event[rows])
    else 1 - summary(survfit(Surv(time[rows], event[rows]) ~ 1), times = horizon, extend = TRUE)$surv
  intercept <- if (KIND == "binary") qlogis(rate) else log(-log1p(-rate))
  list(coefficients = numeric(), intercept = intercept, score = rep(0, n),
    lp = rep(if (KIND == "binary") intercept else 0, n), risk = rep(rate, n))
}

make_index <- function(rows, settle = FALSE) {
  weights <- search_weights(rows)
  cuts <- lapply(predictors, function(item) if (settle) settled_cut(item, weights) else find_cut(item, rows, weights))
  totals <- Reduce(`+`, Map(function(item, found) point(item, found$cut), predictors, cuts))
  model <- regression(totals, rows, score = totals)
  c(model, list(totals = totals, cuts = cuts))
}

two_digits <- function(x) {
  size <- ifelse(x == 0, 0, floor(log10(abs(x))))
  scale <- 10^(1 - size)
  round(x * scale) / scale
}
card_edges <- function(item, rows) {
  values <- sort(unique(item$x))
  if (!is.null(item$steps)) return(sort(item$steps))
  if (length(values) <= 5)
    return(if (length(values) > 2) (values[-1] + values[-length(values)]) / 2 else values[-1])
  inner <- seq_len(CATEGORIES - 1) / CATEGORIES
  sort(unique(two_digits(quantile(item$x[rows], inner, type = 7, names = FALSE))))
}
candidate_columns <- function(item, rows, weights, settle) {
  if (!is.null(item$cutoff)) {
    found <- if (settle) settled_cut(item, weights) else find_cut(item, rows, weights)
    return(list(x = cbind(point(item, found$cut)), found = found, knots = NULL))
  }
  knots <- knots_of(item$x[rows], item$transform)
  list(x = basis_at(item$x, item$transform, knots), found = NULL, knots = knots)
}
judged_fit <- function(x, rows) {
  if (KIND == "survival") return(cox_fit(x[rows, , drop = FALSE], time[rows], event[rows]))
  fit <- logistic_fit(x[rows, , drop = FALSE], event[rows], PENALTY)
  list(coefficients = fit$coefficients[-1], covariance = fit$covariance[-1, -1, drop = FALSE])
}
likelihood_ratio <- function(x, rows) {
  if (KIND == "survival") return(cox_fit(x[rows, , drop = FALSE], time[rows], event[rows])$ratio)
  x <- x[rows, , drop = FALSE]
  y <- event[rows]
  if (PENALTY == "firth") return(firth_test(x, y, firth_fit(x, y), seq_len(ncol(x)) + 1))
  fit <- logistic_fit(x, y, "none")
  2 * (fit$value - sum(dbinom(y, 1, mean(y), log = TRUE)))
}
select <- function(blocks, rows) {
  kept <- rep(TRUE, length(blocks))
  if (SELECTION == "univariable") {
    statistic <- sapply(blocks, function(b) likelihood_ratio(b$x, rows))
    kept <- pchisq(statistic, sapply(blocks, function(b) ncol(b$x)), lower.tail = FALSE) < ALPHA
  }
  while (SELECTION == "backward" && any(kept)) {
    fit <- judged_fit(do.call(cbind, lapply(blocks[kept], `[[`, "x")), rows)
    width <- sapply(blocks[kept], function(b) ncol(b$x))
    last <- cumsum(width)
    p <- mapply(function(from, to) {
      beta <- fit$coefficients[from:to]
      pchisq(sum(beta * solve(fit$covariance[from:to, from:to], beta)), to - from + 1, lower.tail = FALSE)
    }, last - width + 1, last)
    if (max(p) < ALPHA) break
    kept[which(kept)[which.max(p)]] <- FALSE
  }
  unname(kept)
}
make_points <- function(rows, settle = FALSE) {
  needed <- any(sapply(predictors, function(item) !is.null(item$cutoff) && item$cutoff != "fixed"))
  weights <- if (needed) search_weights(rows)
  blocks <- lapply(predictors, candidate_columns, rows, weights, settle)
  kept <- select(blocks, rows)
  none <- list(kept = kept, blocks = blocks, totals = rep(0, n), cards = list())
  if (!any(kept)) return(c(constant(rows), none))
  exact <- regression(do.call(cbind, lapply(blocks[kept], `[[`, "x")), rows)
  width <- sapply(blocks[kept], function(b) ncol(b$x))
  last <- cumsum(width)
  cards <- lapply(seq_along(last), function(i) {
    item <- predictors[kept][[i]]
    part <- drop(blocks[kept][[i]]$x %*% exact$coefficients[(last[i] - width[i] + 1):last[i]])
    if (is.null(item$cutoff)) {
      edges <- card_edges(item, rows)
      place <- findInterval(item$x, edges) + 1
      size <- length(edges) + 1
    } else {
      place <- blocks[kept][[i]]$x[, 1] + 1
      size <- 2
    }
    mean_in <- function(patients) unname(tapply(part[patients], factor(place[patients], seq_len(size)), mean))
    worth <- mean_in(rows)
    worth[is.na(worth)] <- mean_in(everyone)[is.na(worth)]
    known <- which(!is.na(worth))
    list(place = place, worth = approx(known, worth[known], seq_len(size), rule = 2)$y)
  })
  spread <- sapply(cards, function(card) diff(range(card$worth)))
  positive <- spread[spread > 1e-12]
  unit <- if (length(positive)) max(min(positive), max(positive) / LARGEST) else 1
  cards <- lapply(cards, function(card)
    c(card, list(exact = (card$worth - min(card$worth)) / unit, points = round((card$worth - min(card$worth)) / unit))))
  totals <- Reduce(`+`, lapply(cards, function(card) card$points[card$place]))
  model <- if (diff(range(totals[rows])) == 0) constant(rows) else regression(totals, rows, score = totals)
  c(model, list(kept = kept, blocks = blocks, cards = cards, totals = totals, exact = exact))
}
make_score <- function(rows, settle = FALSE)
  if (METHOD == "index") make_index(rows, settle) else make_points(rows, settle)

# the same predictors neither cut nor rounded
carries_splines <- function() sum(event) >= 5 * sum(sapply(predictors, function(item) if (distinct(item) >= 6) 2 else 1))
on_scale <- function(item) {
  if (item$transform == "log2" || (item$skewed && all(item$x > 0, na.rm = TRUE) && item$transform != "sqrt")) return("log2")
  if (item$transform == "sqrt") "sqrt" else "none"
}
scaled <- function(item) switch(on_scale(item), log2 = log2(item$x), sqrt = sqrt(item$x), none = item$x)
uncut_columns <- function(rows) lapply(predictors, function(item) {
  x <- scaled(item)
  knots <- if (carries_splines() && distinct(item) >= 6) knots_of(x[rows], "rcs3")
  list(x = basis_at(x, "none", knots), knots = knots)
})
make_uncut <- function(rows) {
  blocks <- uncut_columns(rows)
  c(regression(do.call(cbind, lapply(blocks, `[[`, "x")), rows), list(blocks = blocks))
}

# ---- performance on some patients, and its optimism over resamples -------------------------------
MEASURES <- if (KIND == "binary") c("auc", "calibration_slope", "calibration_intercept", "brier") else
  c("c_index", "auc_at_horizon", "calibration_slope", "brier")
line_of <- function(model, rows) {
  if (KIND == "binary") {
    fit <- logistic_fit(model$lp[rows], event[rows], "none")
    return(cbind(fit$coefficients, sqrt(diag(fit$covariance))))
  }
  fit <- cox_fit(model$lp[rows], time[rows], event[rows])
  cbind(fit$coefficients, sqrt(diag(fit$covariance)))
}
measure <- function(model, rows) {
  line <- tryCatch(line_of(model, rows), error = function(e) matrix(NA, 2, 2))
  if (KIND == "binary") {
    y <- event[rows]
    return(c(weighted_area(model$score[rows], y, 1 - y), line[2, 1], line[1, 1], mean((y - model$risk[rows])^2)))
  }
  weight <- horizon_weights(time[rows], event[rows], horizon)
  risk <- model$risk[rows]
  c(harrell(time[rows], event[rows], model$score[rows])[1],
    weighted_area(model$score[rows], weight$case, weight$control), line[1, 1],
    (sum(weight$case * (1 - risk)^2) + sum(weight$control * risk^2)) / length(rows))
}
tell_performance <- function(place, model) {
  found <- measure(model, everyone)
  line <- tryCatch(line_of(model, everyone), error = function(e) NULL)
  for (i in seq_along(MEASURES)) {
    value <- found[i]
    if (MEASURES[i] == "auc") {
      # pROC has no interval for perfect separation
      value <- tryCatch(suppressWarnings(pROC::ci.auc(roc_of(model$score), conf.level = LEVEL, method = "delong"))[c(2, 1, 3)],
        error = function(e) found[i])
    }
    if (MEASURES[i] == "c_index") {
      both <- harrell(time, event, model$score)
      value <- pmin(pmax(wald_ends(both[1], both[2], LEVEL), 0), 1)
    }
    if (MEASURES[i] == "calibration_slope" && !is.null(line))
      value <- wald_ends(line[nrow(line), 1], line[nrow(line), 2], LEVEL)
    if (MEASURES[i] == "calibration_intercept" && !is.null(line)) value <- wald_ends(line[1, 1], line[1, 2], LEVEL)
    tell_estimate(paste0(at_row(place, i), ".apparent"), value)
  }
  found
}
roc_of <- function(score) pROC::roc(event, score, levels = 0:1, direction = "<", quiet = TRUE)
# the whole development again in each resample; R draws other patients than cartwheel did
again <- function(make) {
  if (B < 2) return(list())
  set.seed(SEED)
  one <- function() {
    rows <- sample.int(n, replace = TRUE)
    model <- make(rows)
    list(training = measure(model, rows), test = measure(model, everyone),
      cuts = cuts_of(model), kept = model$kept)
  }
  Filter(Negate(is.null), lapply(seq_len(B), function(b) tryCatch(one(), error = function(e) NULL)))
}
cuts_of <- function(model) {
  found <- if (METHOD == "index") model$cuts else lapply(model$blocks, `[[`, "found")
  sapply(found, function(cut) if (is.null(cut)) NA else cut$cut)
}
# 'more' is the Monte-Carlo error of the apparent values, where these rest on random numbers too
tell_repeated <- function(place, drawn, apparent, more = numeric(length(apparent))) {
  if (length(drawn) < 2) return(invisible())
  training <- do.call(rbind, lapply(drawn, `[[`, "training"))
  lost <- training - do.call(rbind, lapply(drawn, `[[`, "test"))
  for (i in seq_along(MEASURES)) {
    here <- at_row(place, i)
    usable <- lost[is.finite(lost[, i]), i]
    if (length(usable) < 2 || !is.finite(apparent[i])) next
    ideal <- grepl("calibration", MEASURES[i])
    found <- typical(usable, ideal)
    tell_drawn(paste0(here, ".optimism.value"), found[1], found[2])
    tell_corrected(paste0(here, ".corrected"), apparent[i], training[, i], lost[, i], ideal, !ideal, more[i])
    # no closed form
    if (MEASURES[i] %in% c("auc_at_horizon", "brier")) {
      spread <- apparent[i] + training[, i] - mean(training[, i])
      tell_percentiles(paste0(here, ".apparent"), pmin(pmax(spread, 0), 1), LEVEL)
      if (MEASURES[i] == "auc_at_horizon" && place == "result.performance.measures")
        tell_percentiles("result.roc[0].auc", pmin(pmax(spread, 0), 1), LEVEL)
    }
  }
}
# how far each searched cut-off wanders, and how often each candidate is selected
tell_wander <- function(drawn, bars) {
  if (length(drawn) < 2) return(invisible())
  cuts <- matrix(unlist(lapply(drawn, `[[`, "cuts")), length(drawn), byrow = TRUE)
  planned <- which(!sapply(predictors, function(item) is.null(item$cutoff)))
  for (i in seq_along(planned)) {
    if (predictors[[planned[i]]]$cutoff == "fixed") next
    here <- at_row("result.cutoffs", i)
    moved <- cuts[, planned[i]]
    tell_median(paste0(here, ".wander.value"), moved)
    tell_percentiles(paste0(here, ".wander"), moved, LEVEL)
    # counted at the nearest of cartwheel's bars, for as many resamples as it drew
    at <- bars[[i]]
    if (!length(at$cut)) next
    hits <- tabulate(sapply(moved, function(cut) which.min(abs(at$cut - cut))), length(at$cut))
    tell_drawn(paste0(at_row(paste0(here, ".wander_grid"), seq_along(hits)), "[1]"),
      sum(at$count) * hits / length(moved), sum(at$count) * share_error(hits, length(moved)))
  }
}
tell_selected <- function(drawn) {
  if (length(drawn) < 2) return(invisible())
  kept <- do.call(rbind, lapply(drawn, `[[`, "kept"))
  for (i in seq_along(predictors))
    tell_share(paste0(at_row("result.selection", i), ".frequency"), sum(kept[, i]), nrow(kept))
}
