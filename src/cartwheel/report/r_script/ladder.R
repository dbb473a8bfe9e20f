# ---- the updating ladder: each rung is a regression on the score ---------------------------------
# 'line' is the score's linear predictor, or its value where it has no risk for this outcome
ladder_frame <- function(s, line) {
  parts <- do.call(rbind, s$parts) * cov(line, s$value) / var(s$value)
  moves <- apply(parts, 2, function(part) diff(range(part)) > 1e-12 * (1 + max(abs(part))))
  list(line = line, parts = parts[, moves, drop = FALSE], rest = rowSums(parts[, !moves, drop = FALSE]))
}
baseline_cost <- function(line) {
  at_risk <- c()
  for (t in sort(unique(time[event == 1 & time <= horizon]))) {
    dying <- exp(line[time == t & event == 1])
    at_risk <- c(at_risk, sum(exp(line[time >= t])) - (seq_along(dying) - 1) / length(dying) * sum(dying))
  }
  shift <- uniroot(function(x) sum(1 / (at_risk + x)) - 1, c(1 - min(at_risk), length(at_risk)), tol = 1e-13, maxiter = 1000)$root
  list(cost = 2 * sum(log(1 + shift / at_risk) - shift / (at_risk + shift)), terms = 1 / at_risk)
}
partial <- function(line) {
  line <- line - mean(line)
  coxph(Surv(time, event) ~ line, init = 1, control = coxph.control(iter.max = 0))$loglik[1]
}
# one rung: estimates with errors, log-likelihood, new linear predictor
climb_binary <- function(rung, frame, added) {
  y <- event
  likelihood <- function(line) sum(dbinom(y, 1, plogis(line), log = TRUE))
  if (rung == "as is") return(list(value = likelihood(frame$line), line = frame$line, df = 0))
  if (rung == "intercept") {
    fit <- glm(y ~ offset(frame$line), family = binomial(), control = tight)
    return(list(terms = cbind(coef(fit), sqrt(diag(vcov(fit)))), value = as.numeric(logLik(fit)),
      line = frame$line + coef(fit)[[1]], df = 1))
  }
  x <- switch(rung, slope = cbind(frame$line), `re-estimated` = frame$parts, extended = cbind(frame$parts, added))
  rest <- if (rung == "slope") rep(0, n) else frame$rest
  fit <- glm.fit(cbind(1, x), y, family = binomial(), offset = rest, control = tight)
  line <- fit$linear.predictors
  list(terms = cbind(fit$coefficients, sqrt(diag(chol2inv(fit$qr$qr[seq_len(ncol(x) + 1), , drop = FALSE])))),
    value = likelihood(line), line = line, df = ncol(x) + 1)
}
climb_survival <- function(rung, frame, added) {
  if (rung %in% c("as is", "intercept")) {
    base <- baseline_cost(frame$line)
    value <- partial(frame$line)
    if (rung == "as is") return(list(value = value - base$cost / 2, line = frame$line, df = 0))
    shift <- log(sum(base$terms))
    return(list(terms = cbind(shift, sqrt(sum(base$terms^2)) / sum(base$terms)), value = value,
      line = frame$line + shift, df = 1))
  }
  x <- switch(rung, slope = cbind(frame$line), `re-estimated` = frame$parts, extended = cbind(frame$parts, added))
  fit <- cox_fit(x, time, event)
  line <- drop(x %*% fit$coefficients) + if (rung == "slope") 0 else frame$rest
  middle <- mean(line)
  shift <- log(baseline_at(line - middle, time, event, horizon)) - middle
  list(terms = rbind(c(shift, NA), cbind(fit$coefficients, sqrt(diag(fit$covariance)))), value = partial(line),
    line = line + shift, df = ncol(x) + 1)
}
climb <- function(rung, frame, added = NULL)
  if (KIND == "binary") climb_binary(rung, frame, added) else climb_survival(rung, frame, added)
tell_rung <- function(place, fit, s, measures) {
  tell_fields(place, list(parameters = fit$df, log_likelihood = fit$value, aic = 2 * fit$df - 2 * fit$value))
  if (!is.null(fit$terms)) for (i in seq_len(nrow(fit$terms))) {
    tell(paste0(at_row(paste0(place, ".terms"), i), ".coefficient"), fit$terms[i, 1])
    tell(paste0(at_row(paste0(place, ".terms"), i), ".std_error"), fit$terms[i, 2])
  }
  s$risk <- if (KIND == "binary") plogis(fit$line) else -expm1(-exp(fit$line))
  s$marker <- fit$line
  for (j in seq_along(measures)) {
    if (measures[j] == "") next
    here <- at_row(paste0(place, ".measures"), j)
    attempt(here, {
      found <- if (measures[j] == "ici") distances(s)[["ici"]] else MEASURED[[measures[j]]](s, everyone)
      tell_estimate(paste0(here, ".apparent"), found[seq_len(min(3, length(found)))])
    })
  }
}
tell_closed_test <- function(place, lower, full) {
  df <- full$df - lower$df
  statistic <- max(0, 2 * (full$value - lower$value))
  tell_fields(place, list(statistic = statistic, df = df, p_value = pchisq(statistic, df, lower.tail = FALSE)))
}
