# ---- the updating ladder: each rung is a regression on the score ---------------------------------
# 'line' is the score's linear predictor, or its value where it has no risk for this outcome
ladder_frame <- function(s, line, added = NULL)
  list(line = line, parts = do.call(rbind, s$parts) * cov(line, s$value) / var(s$value), added = added)
moving <- function(x, rows) apply(as.matrix(x)[rows, , drop = FALSE], 2, function(part)
  diff(range(part)) > 1e-12 * max(abs(part)))
# columns of a rung, for everybody, as they vary in these patients; what does not keeps its part
design_of <- function(rung, frame, rows) {
  if (rung %in% c("as is", "intercept")) return(list(x = matrix(0, n, 0), rest = frame$line, terms = 0))
  if (rung == "slope") return(list(x = cbind(frame$line), rest = numeric(n), terms = 1))
  keep <- moving(frame$parts, rows)
  x <- frame$parts[, keep, drop = FALSE]
  more <- if (rung == "extended") frame$added[, moving(frame$added, rows), drop = FALSE]
  list(x = cbind(x, more), rest = rowSums(frame$parts[, !keep, drop = FALSE]), terms = ncol(x))
}
log_likelihood <- function(line, rows) sum(dbinom(event[rows], 1, plogis(line[rows]), log = TRUE))
# fewer than ten events for each slope ask for Firth's penalty, in every sample
few_events <- function(rung, frame) {
  slopes <- sum(moving(frame$parts, everyone)) + if (rung == "extended") ncol(frame$added) else 0
  min(sum(event), sum(1 - event)) < 10 * if (rung == "slope") 1 else slopes
}
# estimates with errors, log-likelihood and new linear predictor of a rung fitted in 'rows'
climb_binary <- function(rung, frame, rows) {
  if (rung == "as is") return(list(value = log_likelihood(frame$line, rows), line = frame$line, df = 0))
  part <- design_of(rung, frame, rows)
  penalty <- if (rung == "intercept") "none" else if (few_events(rung, frame)) "firth" else "auto"
  fit <- logistic_fit(part$x[rows, , drop = FALSE], event[rows], penalty, part$rest[rows])
  before <- drop(cbind(1, part$x) %*% fit$coefficients) + part$rest
  errors <- sqrt(diag(fit$covariance))
  shift <- 0
  if (fit$firth) {
    # the intercept again by maximum likelihood (FLIC): Firth's penalty pulls risks towards one half
    shift <- logistic_fit(matrix(0, length(rows), 0), event[rows], "none", before[rows])$coefficients
    errors[1] <- NA
  }
  list(terms = cbind(fit$coefficients + c(shift, 0 * fit$coefficients[-1]), errors), line = before + shift,
    value = log_likelihood(before + shift, rows), df = ncol(part$x) + 1, before = if (fit$firth) before, part = part)
}
penalised <- function(x, line, rows) {
  p <- plogis(line[rows])
  whole <- cbind(1, x[rows, , drop = FALSE])
  log_likelihood(line, rows) + 0.5 * as.numeric(determinant(crossprod(whole * sqrt(p * (1 - p))))$modulus)
}
# under Firth's penalty a lower rung is the fullest with coefficients held, as in logistf
held_line <- function(rung, frame, part, rows) {
  if (rung == "as is") return(frame$line)
  p <- ncol(part$x)
  x <- if (rung == "slope") cbind(frame$line, part$x[, -1]) else part$x
  rest <- switch(rung, intercept = frame$line, slope = numeric(n), part$rest)
  held <- switch(rung, intercept = seq_len(p), slope = seq_len(p)[-1], part$terms + seq_len(p - part$terms)) + 1
  fit <- firth_fit(x[rows, , drop = FALSE], event[rows], held, numeric(length(held)), rest[rows])
  drop(cbind(1, x) %*% fit$coefficients) + rest
}
baseline_cost <- function(line, rows) {
  t <- time[rows]
  y <- event[rows]
  at_risk <- c()
  for (moment in sort(unique(t[y == 1 & t <= horizon]))) {
    dying <- exp(line[rows][t == moment & y == 1])
    at_risk <- c(at_risk, sum(exp(line[rows][t >= moment])) - (seq_along(dying) - 1) / length(dying) * sum(dying))
  }
  shift <- uniroot(function(x) sum(1 / (at_risk + x)) - 1, c(1 - min(at_risk), length(at_risk)), tol = 1e-13, maxiter = 1000)$root
  list(cost = 2 * sum(log(1 + shift / at_risk) - shift / (at_risk + shift)), terms = 1 / at_risk)
}
partial <- function(line, rows) {
  line <- line[rows] - mean(line)
  coxph(Surv(time[rows], event[rows]) ~ line, init = 1, control = coxph.control(iter.max = 0))$loglik[1]
}
climb_survival <- function(rung, frame, rows) {
  if (rung %in% c("as is", "intercept")) {
    base <- baseline_cost(frame$line, rows)
    value <- partial(frame$line, rows)
    if (rung == "as is") return(list(value = value - base$cost / 2, line = frame$line, df = 0))
    shift <- log(sum(base$terms))
    return(list(terms = cbind(shift, sqrt(sum(base$terms^2)) / sum(base$terms)), value = value,
      line = frame$line + shift, df = 1))
  }
  part <- design_of(rung, frame, rows)
  fit <- cox_fit(part$x[rows, , drop = FALSE], time[rows], event[rows])
  line <- drop(part$x %*% fit$coefficients) + part$rest
  middle <- mean(line)
  shift <- log(baseline_at(line[rows] - middle, time[rows], event[rows], horizon)) - middle
  list(terms = rbind(c(shift, NA), cbind(fit$coefficients, sqrt(diag(fit$covariance)))), value = partial(line, rows),
    line = line + shift, df = ncol(part$x) + 1)
}
climb_competing <- function(rung, frame, rows) {
  sets <- fine_gray_sets(rows)
  part <- design_of(rung, frame, rows)
  x <- part$x[rows, , drop = FALSE]
  beta <- if (ncol(x)) fine_gray_fit(sets, x)
  line <- drop(part$x %*% if (ncol(x)) beta else numeric()) + part$rest
  found <- fine_gray_sums(sets, line[rows])
  shift <- if (rung == "as is") 0 else log(sum(found$jumps))
  off <- sqrt(sum(found$jumps^2)) / sum(found$jumps)
  # robust errors are asked for on all patients only
  error <- if (ncol(x) && length(rows) == n && all(rows == everyone)) sqrt(diag(fine_gray_covariance(x, rows)))
  terms <- if (rung == "as is") NULL else if (!ncol(x)) cbind(shift, off) else
    rbind(c(shift, NA), cbind(beta, if (is.null(error)) NA else error))
  list(terms = terms, value = found$value, line = line + shift, df = ncol(x) + (rung != "as is"), part = part,
    beta = beta, off = off, moved = log(sum(found$jumps)))
}
climb <- function(rung, frame, rows = everyone)
  switch(KIND, binary = climb_binary, survival = climb_survival, competing = climb_competing)(rung, frame, rows)
# chi-square of what the fullest rung has and the other has not
against <- function(full, frame, rows) {
  if (KIND == "competing") {
    # a weighted likelihood has no ratio test: robust Wald tests of the fullest rung
    covariance <- fine_gray_covariance(full$part$x[rows, , drop = FALSE], rows)
    p <- length(full$beta)
    terms <- full$part$terms
    return(function(rung, lower) {
      contrast <- diag(p)
      wanted <- numeric(p)
      if (rung %in% c("as is", "intercept")) wanted[seq_len(max(terms, 1))] <- 1 else
        if (rung == "re-estimated") contrast <- contrast[-seq_len(terms), , drop = FALSE] else {
          contrast <- contrast[-1, , drop = FALSE]
          contrast[seq_len(max(terms, 1) - 1), 1] <- -1
        }
      gap <- drop(contrast %*% full$beta) - wanted[seq_len(nrow(contrast))]
      chi <- if (length(gap)) sum(gap * solve(contrast %*% covariance %*% t(contrast), gap)) else 0
      chi + if (rung == "as is") (lower$moved / lower$off)^2 else 0
    })
  }
  if (is.null(full$before)) return(function(rung, lower) 2 * (full$value - lower$value))
  reached <- penalised(full$part$x, full$before, rows)
  function(rung, lower)
    2 * (reached - penalised(full$part$x, held_line(rung, frame, full$part, rows), rows))
}
# the first rung that the fullest one does not improve on
closed_test <- function(rungs, frame, rows, alpha) {
  full <- rungs[[length(rungs)]]
  compare <- if (length(rungs) > 1) against(full, frame, rows)
  steps <- list()
  for (name in names(rungs)[-length(rungs)]) {
    df <- full$df - rungs[[name]]$df
    if (df < 1) return(list(chosen = name, steps = steps))
    statistic <- max(0, compare(name, rungs[[name]]))
    steps <- c(steps, list(list(statistic = statistic, df = df, p_value = pchisq(statistic, df, lower.tail = FALSE))))
    if (steps[[length(steps)]]$p_value > alpha) return(list(chosen = name, steps = steps))
  }
  list(chosen = names(rungs)[length(rungs)], steps = steps)
}
updated <- function(s, fit) {
  s$risk <- if (KIND == "binary") plogis(fit$line) else -expm1(-exp(fit$line))
  s$value <- s$marker <- fit$line
  s$predicts <- "risk"
  s
}
tell_rung <- function(place, fit, s, measures) {
  tell_fields(place, list(parameters = fit$df, log_likelihood = fit$value))
  if (KIND != "competing") tell(paste0(place, ".aic"), 2 * fit$df - 2 * fit$value)
  if (!is.null(fit$terms)) for (i in seq_len(nrow(fit$terms))) {
    tell(paste0(at_row(paste0(place, ".terms"), i), ".coefficient"), fit$terms[i, 1])
    tell(paste0(at_row(paste0(place, ".terms"), i), ".std_error"), fit$terms[i, 2])
  }
  s <- updated(s, fit)
  for (j in seq_along(measures)) {
    if (measures[j] == "") next
    here <- at_row(paste0(place, ".measures"), j)
    attempt(here, {
      found <- if (measures[j] == "ici") distances(s)[["ici"]] else MEASURED[[measures[j]]](s, everyone)
      tell_estimate(paste0(here, ".apparent"), found[seq_len(min(3, length(found)))])
    })
  }
}
tell_tests <- function(place, rungs, frame, alpha) {
  steps <- closed_test(rungs, frame, everyone, alpha)$steps
  for (i in seq_along(steps)) tell_fields(at_row(paste0(place, ".tests"), i), steps[[i]])
}
# the whole ladder climbed again, test and choice included, in resamples: optimism of each rung and
# of the choice. 'rungs' are those fitted on all patients
climb_again <- function(place, rungs, measures, frame, s, alpha, shown) {
  if (B < 2 || !length(measures)) return(invisible())
  set.seed(SEED)
  fitted <- setdiff(names(rungs), "as is")
  one <- function() {
    rows <- sample.int(n, replace = TRUE)
    again <- sapply(names(rungs), climb, frame, rows, simplify = FALSE)
    chosen <- closed_test(again, frame, rows, alpha)$chosen
    here <- sapply(fitted, function(rung) {
      new <- updated(s, again[[rung]])
      rbind(bare_measures(measures, new, rows), bare_measures(measures, new, everyone))
    }, simplify = FALSE)
    list(chosen = chosen, found = here)
  }
  drawn <- Filter(Negate(is.null), lapply(seq_len(B), function(b) tryCatch(one(), error = function(e) NULL)))
  if (length(drawn) < 2) return(invisible())
  picked <- sapply(drawn, `[[`, "chosen")
  for (i in seq_along(rungs))
    tell_share(paste0(at_row(paste0(place, ".chosen_share"), i), "[1]"), sum(picked == names(rungs)[i]), length(picked))
  for (rung in fitted) {
    is_chosen <- rung == shown$chosen
    training <- t(sapply(drawn, function(d) d$found[[rung]][1, ]))
    apart <- t(sapply(drawn, function(d) {
      of <- if (is_chosen) d$chosen else rung
      if (of == "as is") numeric(length(measures)) else d$found[[of]][1, ] - d$found[[of]][2, ]
    }))
    reordered <- is_chosen && !all(picked %in% c("as is", "intercept"))
    full <- bare_measures(measures, updated(s, rungs[[rung]]), everyone)
    for (j in seq_along(measures)) {
      # nothing was fitted that puts patients in another order: the apparent value stands
      if (rung == "intercept" && !reordered && grepl("auc|_c$", measures[j])) next
      here <- paste0(place, ".rungs[", shown$at[[rung]], "].measures[", j - 1, "].corrected")
      ideal <- grepl("calibration|observed", measures[j])
      tell_corrected(here, full[j], training[, j], apart[, j], ideal, !ideal && measures[j] != "scaled_brier")
    }
  }
}
