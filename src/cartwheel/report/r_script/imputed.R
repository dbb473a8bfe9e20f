# ---- predictors imputed: chained equations by mice, the whole development on every copy -----------
# a copy is a list with the values of each predictor in all patients
impute_scale <- function(item) {
  known <- known_of(item$x)
  if (length(known) == 2) return("class")
  if (item$transform == "log2" || (item$skewed && known[1] > 0 && item$transform != "sqrt")) return("log2")
  if (item$transform == "sqrt") "sqrt" else "none"
}
impute_copies <- function(rows) chained(lapply(predictors, function(item)
  list(x = item$x, scale = impute_scale(item))), rows, COPIES, ROUNDS)
with_values <- function(item, x) {
  item$x <- x
  item
}
of_copies <- function(copies, i) lapply(copies, function(copy) with_values(predictors[[i]], copy[[i]]))
middle <- function(rows) apply(rbind(rows), 2, median)
# median over copies of each knot; a straight line where a copy has too few values
pooled_knots <- function(values, transform, rows) {
  found <- lapply(values, function(x) knots_of(x[rows], transform))
  if (any(sapply(found, is.null)) || length(unique(lengths(found))) > 1) return(NULL)
  middle(do.call(rbind, found))
}
pooled_cut <- function(items, rows, weights) {
  if (items[[1]]$cutoff == "fixed") return(items[[1]]$at)
  if (!anyNA(predictors[[items[[1]]$number]]$x)) items <- items[1]
  median(sapply(items, function(item) find_cut(item, rows, weights)$cut))
}
# model of the total: slopes and intercepts averaged
total_model <- function(totals, rows) {
  fits <- lapply(totals, function(total) if (diff(range(total[rows])) == 0) constant(rows) else regression(total, rows, total))
  slopes <- sapply(fits, function(fit) if (length(fit$coefficients)) fit$coefficients else 0)
  list(coefficients = mean(slopes), intercept = mean(sapply(fits, `[[`, "intercept")))
}
judged_at <- function(model, effect, score) {
  risk <- risk_at(model$intercept + effect)
  list(score = score, lp = if (KIND == "binary") model$intercept + effect else effect, risk = risk)
}
index_total <- function(copy, cuts) Reduce(`+`, lapply(seq_along(cuts), function(i)
  point(with_values(predictors[[i]], copy[[i]]), cuts[i])))
index_of_copies <- function(copies, rows) {
  weights <- search_weights(rows)
  cuts <- sapply(seq_along(predictors), function(i) pooled_cut(of_copies(copies, i), rows, weights))
  model <- total_model(lapply(copies, index_total, cuts), rows)
  c(model, list(chosen = cuts, evaluate = function(copies) lapply(copies, function(copy) {
    total <- index_total(copy, cuts)
    judged_at(model, total * model$coefficients, total)
  })))
}
# several coefficients at once: D1 with the degrees of freedom of Reiter
pooled_wald <- function(values, covariances, complete) {
  m <- nrow(values)
  k <- ncol(values)
  t <- k * (m - 1)
  within <- Reduce(`+`, covariances) / m
  increase <- (1 + 1 / m) * sum(diag(var(values) %*% solve(within))) / k
  statistic <- sum(colMeans(values) * solve(within, colMeans(values))) / (k * (1 + increase))
  if (increase < 1e-100) return(pchisq(k * statistic, k, lower.tail = FALSE))
  large <- function() if (t > 4) 4 + (t - 4) * (1 + (1 - 2 / t) / increase)^2 else t * (1 + 1 / k) * (1 + 1 / increase)^2 / 2
  if (t <= 4) return(pf(statistic, k, large(), lower.tail = FALSE))
  a <- increase * t / (t - 2)
  star <- (complete + 1) / (complete + 3) * complete
  one <- star - 2 * (1 + a)
  two <- star - 4 * (1 + a)
  df <- if (two <= 0) min(large(), complete) else 4 + 1 / (1 / two + a^2 / (t - 4) * (one / ((1 + a)^2 * two) +
    8 * one / ((1 + a) * two^2) + 4 / ((1 + a) * two) + 4 / (two * one) + 16 * one / two^3 + 8 / two^2))
  pf(statistic, k, df, lower.tail = FALSE)
}
complete_df <- function(rows, parameters)
  max(1, if (KIND == "binary") length(rows) - parameters - 1 else sum(event[rows]) - parameters)
# 'blocks' are, for each copy, the columns of each candidate
pooled_p <- function(blocks, rows) {
  fits <- lapply(blocks, function(of) judged_fit(do.call(cbind, of), rows))
  values <- do.call(rbind, lapply(fits, `[[`, "coefficients"))
  covariances <- lapply(fits, `[[`, "covariance")
  complete <- complete_df(rows, ncol(values))
  last <- cumsum(sapply(blocks[[1]], ncol))
  mapply(function(from, to) {
    if (from == to) return(rubin(values[, from], sapply(covariances, function(v) v[from, from]), complete)$p)
    pooled_wald(values[, from:to], lapply(covariances, function(v) v[from:to, from:to]), complete)
  }, c(0, last[-length(last)]) + 1, last)
}
select_pooled <- function(blocks, rows) {
  count <- length(blocks[[1]])
  kept <- rep(TRUE, count)
  shared <- !sapply(predictors, function(item) anyNA(item$x))
  alone <- function(i) lapply(blocks, `[`, i)
  as_columns <- function(places) lapply(blocks[[1]][places], function(x) list(x = x))
  if (SELECTION == "univariable") for (i in seq_len(count))
    kept[i] <- if (shared[i]) select(as_columns(i), rows) else pooled_p(alone(i), rows) < ALPHA
  while (SELECTION == "backward" && any(kept)) {
    if (all(shared[kept])) {
      kept[kept] <- select(as_columns(kept), rows)
      break
    }
    p <- pooled_p(alone(kept), rows)
    if (max(p) < ALPHA) break
    kept[which(kept)[which.max(p)]] <- FALSE
  }
  kept
}
pooled_edges <- function(items, rows) {
  item <- predictors[[items[[1]]$number]]
  if (!is.null(item$steps) || length(known_of(item$x)) <= 5) return(card_edges(with_values(item, known_of(item$x)), 1))
  inner <- seq_len(CATEGORIES - 1) / CATEGORIES
  sort(unique(two_digits(middle(t(sapply(items, function(one) quantile(one$x[rows], inner, type = 7, names = FALSE)))))))
}
columns_of <- function(item, cut, knots) if (is.na(cut)) basis_at(item$x, item$transform, knots) else cbind(point(item, cut))
place_in <- function(item, card) if (is.na(card$cut)) findInterval(item$x, card$edges) + 1 else point(item, card$cut) + 1
points_of_copies <- function(copies, rows) {
  weights <- search_weights(rows)
  items <- lapply(seq_along(predictors), function(i) of_copies(copies, i))
  cuts <- sapply(items, function(of) if (is.null(of[[1]]$cutoff)) NA else pooled_cut(of, rows, weights))
  knots <- Map(function(of, cut) if (is.na(cut)) pooled_knots(lapply(of, `[[`, "x"), of[[1]]$transform, rows), items, cuts)
  blocks <- lapply(seq_along(copies), function(copy)
    Map(function(of, cut, at) columns_of(of[[copy]], cut, at), items, cuts, knots))
  kept <- select_pooled(blocks, rows)
  cards <- list()
  if (any(kept)) {
    fits <- lapply(blocks, function(of) regression(do.call(cbind, of[kept]), rows))
    beta <- rowMeans(matrix(sapply(fits, `[[`, "coefficients"), ncol = length(fits)))
    last <- cumsum(sapply(blocks[[1]][kept], ncol))
    cards <- lapply(seq_along(last), function(i) {
      of <- items[kept][[i]]
      at <- ((if (i == 1) 0 else last[i - 1]) + 1):last[i]
      card <- list(cut = cuts[kept][i], edges = if (is.na(cuts[kept][i])) pooled_edges(of, rows))
      size <- if (is.na(card$cut)) length(card$edges) + 1 else 2
      part <- lapply(blocks, function(b) drop(b[kept][[i]] %*% beta[at]))
      mean_in <- function(who) unname(tapply(unlist(lapply(part, `[`, who)),
        factor(unlist(lapply(of, function(item) place_in(item, card)[who])), seq_len(size)), mean))
      worth <- mean_in(rows)
      worth[is.na(worth)] <- mean_in(everyone)[is.na(worth)]
      known <- which(!is.na(worth))
      c(card, list(worth = if (length(known) > 1) approx(known, worth[known], seq_len(size), rule = 2)$y else rep(worth[known], size)))
    })
    spread <- sapply(cards, function(card) diff(range(card$worth)))
    positive <- spread[spread > 1e-12]
    unit <- if (length(positive)) max(min(positive), max(positive) / LARGEST) else 1
    cards <- lapply(cards, function(card) c(card, list(points = round((card$worth - min(card$worth)) / unit))))
  }
  total_of <- function(copy) if (!any(kept)) numeric(n) else Reduce(`+`, Map(function(i, card)
    card$points[place_in(with_values(predictors[[i]], copy[[i]]), card)], which(kept), cards))
  model <- total_model(lapply(copies, total_of), rows)
  c(model, list(chosen = cuts, kept = kept, blocks = blocks, splines = !sapply(knots, is.null),
    evaluate = function(copies) lapply(copies, function(copy) {
      total <- total_of(copy)
      judged_at(model, total * model$coefficients, total)
    })))
}
score_of_copies <- function(copies, rows) (if (METHOD == "index") index_of_copies else points_of_copies)(copies, rows)
uncut_of_copies <- function(copies, rows) {
  scale <- function(i, x) switch(on_scale(predictors[[i]]), log2 = log2(x), sqrt = sqrt(x), none = x)
  knots <- lapply(seq_along(predictors), function(i) if (carries_splines() && distinct(predictors[[i]]) >= 6)
    pooled_knots(lapply(copies, function(copy) scale(i, copy[[i]])), "rcs3", rows))
  design <- function(copy) do.call(cbind, lapply(seq_along(knots), function(i) basis_at(scale(i, copy[[i]]), "none", knots[[i]])))
  fits <- lapply(copies, function(copy) regression(design(copy), rows))
  beta <- rowMeans(matrix(sapply(fits, `[[`, "coefficients"), ncol = length(fits)))
  model <- list(intercept = mean(sapply(fits, `[[`, "intercept")))
  list(evaluate = function(copies) lapply(copies, function(copy) {
    effect <- drop(design(copy) %*% beta)
    found <- judged_at(model, effect, effect)
    found$score <- found$lp
    found
  }))
}
measure_copies <- function(model, copies, rows)
  rowMeans(matrix(sapply(model$evaluate(copies), measure, rows), ncol = length(copies)))
# ---- what is told of the copies, as one vector with places for names ------------------------------
measured_names <- function(place, end) paste0(place, "[", seq_along(MEASURES) - 1, "].apparent.", end)
measures_at <- function(place) measured_names(place, "value")
apparent_of_copies <- function(place, model, copies) {
  each <- model$evaluate(copies)
  values <- matrix(sapply(each, measure, everyone), ncol = length(copies))
  found <- setNames(rowMeans(values), measures_at(place))
  for (i in seq_along(MEASURES)) {
    name <- MEASURES[i]
    one <- function(part) if (name == "auc") c(values[i, 1], sqrt(suppressWarnings(pROC::var(roc_of(part$score))))) else
      if (name == "c_index") harrell(time, event, part$score) else {
        line <- line_of(part, everyone)
        line[if (name == "calibration_intercept") 1 else nrow(line), ]
      }
    if (name %in% c("auc_at_horizon", "brier")) next
    errors <- tryCatch(sapply(each, function(part) one(part)[2]), error = function(e) NULL)
    if (is.null(errors) || any(!is.finite(errors) | errors <= 0)) next
    pooled <- rubin(values[i, ], errors^2)
    ends <- pooled$value + c(-1, 1) * pooled$reach
    if (!grepl("calibration", name)) ends <- pmin(pmax(ends, 0), 1)
    found[paste0(at_row(place, i), ".apparent", c(".low", ".high"))] <- ends
  }
  list(told = found, spread = apply(values, 1, sd) / sqrt(length(copies)))
}
# one model of blocks in every copy; a spline has its columns, but no row is told of it
table_of_copies <- function(place, blocks, splines, first = 1) {
  fits <- lapply(blocks, function(of) judged_fit(do.call(cbind, of), everyone))
  values <- do.call(rbind, lapply(fits, `[[`, "coefficients"))
  complete <- complete_df(everyone, ncol(values))
  last <- cumsum(sapply(blocks[[1]], ncol))
  found <- c()
  for (i in which(!splines)) {
    pooled <- rubin(values[, last[i]], sapply(fits, function(fit) fit$covariance[last[i], last[i]]), complete)
    here <- paste0(at_row(paste0(place, ".rows"), first + i - 1), ".")
    ends <- exp(pooled$value + c(0, -1, 1) * pooled$reach)
    found[paste0(here, c("coefficient", "std_error", "missing_information", "effect.value", "effect.low", "effect.high"))] <-
      c(pooled$value, pooled$error, pooled$information, ends)
  }
  found
}
blocks_uncut <- function(copies) {
  transforms <- sapply(predictors, function(item)
    if (item$skewed && all(item$x > 0, na.rm = TRUE) && item$transform == "none") "log2" else item$transform)
  knots <- lapply(seq_along(predictors), function(i) pooled_knots(lapply(copies, `[[`, i), transforms[i], everyone))
  list(splines = !sapply(knots, is.null), blocks = lapply(copies, function(copy)
    lapply(seq_along(predictors), function(i) basis_at(copy[[i]], transforms[i], knots[[i]]))))
}
told_of_copies <- function(copies, parts) {
  model <- score_of_copies(copies, everyone)
  score <- apparent_of_copies("result.performance.measures", model, copies)
  found <- c(score$told, setNames(score$spread, paste0("result.imputation.monte_carlo[", seq_along(MEASURES) - 1, "].error")))
  cut <- which(!sapply(predictors, function(item) is.null(item$cutoff)))
  for (i in seq_along(cut)) {
    item <- predictors[[cut[i]]]
    if (item$cutoff != "fixed") found[paste0(at_row("result.cutoffs", i), ".cut")] <- model$chosen[cut[i]]
  }
  if ("index_model" %in% parts) {
    totals <- lapply(copies, function(copy) list(cbind(index_total(copy, model$chosen))))
    found <- c(found, table_of_copies("result.index_model", totals, FALSE))
  }
  if (METHOD == "index") uncut <- blocks_uncut(copies) else uncut <- model[c("blocks", "splines")]
  if ("univariable" %in% parts) for (i in which(sapply(predictors, function(item) anyNA(item$x))))
    found <- c(found, table_of_copies("result.univariable", lapply(uncut$blocks, `[`, i), uncut$splines[i], i))
  if ("multivariable" %in% parts && any(model$kept))
    found <- c(found, table_of_copies("result.multivariable", lapply(uncut$blocks, `[`, model$kept), uncut$splines[model$kept]))
  if ("uncut" %in% parts)
    found <- c(found, apparent_of_copies("result.uncut.measures", uncut_of_copies(copies, everyone), copies)$told)
  found
}
# a predictor that was never imputed has a row as in complete cases
tell_alone <- function() for (i in which(!sapply(predictors, function(item) anyNA(item$x)))) {
  item <- predictors[[i]]
  skewed <- METHOD == "index" && item$skewed && all(item$x > 0) && item$transform == "none"
  block <- if (METHOD == "points" && !is.null(item$cutoff))
    list(x = cbind(point(item, settled_cut(item, search_weights(everyone))$cut))) else
    block_of(item, if (skewed) "log2" else item$transform)
  attempt("alone", tell_regression("result.univariable", list(block), first = i))
}
# Monte-Carlo error: copies drawn again from the copies, and everything made of them again
tell_copies <- function(copies, account, times = 15) {
  found <- account(copies)
  repeated <- replicate(times, tryCatch(account(sample(copies, replace = TRUE))[names(found)],
    error = function(e) NA * found), simplify = FALSE)
  error <- apply(do.call(rbind, repeated), 2, sd, na.rm = TRUE) * sqrt(length(copies) / (length(copies) - 1))
  tell_drawn(names(found), found, error)
  list(value = found, error = error)
}
# each resample is imputed from itself alone, and its models are measured on its own copies and on
# those of all patients
again_imputed <- function(copies) {
  if (B < 2) return(list())
  set.seed(SEED)
  one <- function() {
    rows <- sample.int(n, replace = TRUE)
    own <- impute_copies(rows)
    both <- function(make) {
      model <- make(own, rows)
      list(training = measure_copies(model, own, rows), test = measure_copies(model, copies, everyone),
        cuts = model$chosen, kept = model$kept)
    }
    list(score = both(score_of_copies), uncut = tryCatch(both(uncut_of_copies), error = function(e) NULL))
  }
  Filter(Negate(is.null), lapply(seq_len(B), function(b) tryCatch(one(), error = function(e) NULL)))
}
only_complete <- function(keep) {
  event <<- event[keep]
  if (KIND == "survival") time <<- time[keep]
  predictors <<- lapply(predictors, function(item) with_values(item, item$x[keep]))
  n <<- length(event)
  everyone <<- seq_len(n)
  PENALTY <<- penalty_of()
}
