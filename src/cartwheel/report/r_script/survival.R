# ---- Cox regression with Efron's ties, risk at the horizon, weights for censoring ----------------
strict <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 100)
cox_fit <- function(x, time, event) {
  x <- as.matrix(x)
  fit <- coxph(Surv(time, event) ~ x, ties = "efron", control = strict)
  if (any(is.na(coef(fit)))) stop("the Cox model has no answer")
  list(coefficients = unname(coef(fit)), covariance = unname(vcov(fit)), value = fit$loglik[2],
    ratio = 2 * diff(fit$loglik), fit = fit)
}
# cumulative hazard at the horizon of a patient whose linear predictor is 0
baseline_at <- function(lp, time, event, horizon) {
  weight <- exp(lp)
  moments <- sort(unique(time))
  at <- factor(match(time, moments), seq_along(moments))
  risk <- rev(cumsum(rev(tapply(weight, at, sum, default = 0))))
  deaths <- tapply(event, at, sum, default = 0)
  dying <- tapply(weight * event, at, sum, default = 0)
  hazard <- 0
  for (i in which(deaths > 0 & moments <= horizon))
    hazard <- hazard + sum(1 / (risk[[i]] - (seq_len(deaths[[i]]) - 1) / deaths[[i]] * dying[[i]]))
  hazard
}
# Kaplan-Meier curve of censoring: at a tied time the events come first
censoring_curve <- function(time, event) {
  moments <- sort(unique(time))
  at <- factor(match(time, moments), seq_along(moments))
  happened <- tapply(event != 0, at, sum, default = 0)
  gone <- tapply(event == 0, at, sum, default = 0)
  later <- rev(cumsum(rev(happened + gone))) - happened
  list(time = moments, free = unname(cumprod(ifelse(gone > 0, 1 - gone / later, 1))))
}
free_of_censoring <- function(curve, at, before = FALSE)
  c(1, curve$free)[findInterval(at, curve$time, left.open = before) + 1]
# inverse-probability-of-censoring weights: event by the horizon, event-free beyond it
horizon_weights <- function(time, event, horizon) {
  curve <- censoring_curve(time, event)
  list(
    case = ifelse(event != 0 & time <= horizon, 1 / free_of_censoring(curve, time, TRUE), 0),
    control = ifelse(time > horizon, 1 / free_of_censoring(curve, horizon), 0))
}
weighted_area <- function(score, case, control) {
  values <- sort(unique(score))
  at <- match(score, values)
  cases <- tapply(case, factor(at, seq_along(values)), sum, default = 0)
  controls <- tapply(control, factor(at, seq_along(values)), sum, default = 0)
  below <- cumsum(controls) - controls
  sum(cases * (below + controls / 2)) / (sum(case) * sum(control))
}
km_at <- function(time, event, horizon, level) {
  fit <- survfit(Surv(time, event) ~ 1, conf.int = level, conf.type = "log")
  if (horizon > max(fit$time) && min(fit$surv) > 0) return(rep(NA, 3))
  found <- summary(fit, times = horizon, extend = TRUE)
  c(found$surv, found$lower, found$upper)
}
median_time <- function(time, event, level) {
  found <- quantile(survfit(Surv(time, event) ~ 1, conf.int = level, conf.type = "log"), 0.5)
  c(found$quantile, found$lower, found$upper)
}
log_rank <- function(time, event, group) {
  test <- survdiff(Surv(time, event) ~ group)
  df <- length(test$n) - 1
  list(statistic = test$chisq, df = df, p_value = pchisq(test$chisq, df, lower.tail = FALSE), test = test)
}
log_rank_trend <- function(time, event, score) {
  test <- survdiff(Surv(time, event) ~ score)
  step <- sort(unique(score))
  statistic <- sum(step * (test$obs - test$exp))^2 / c(step %*% test$var %*% step)
  list(statistic = statistic, df = 1, p_value = pchisq(statistic, 1, lower.tail = FALSE))
}
harrell <- function(time, event, score) {
  found <- concordance(Surv(time, event) ~ score, reverse = TRUE)
  c(found$concordance, sqrt(found$var))
}
