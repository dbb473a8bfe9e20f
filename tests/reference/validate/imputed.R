# Rscript imputed.R FOLDER_OF_TABLES > imputed.json
# R 4.2.2, survival 3.5-3, pROC, mice 3.15.0, jsonlite
# A score that nobody fitted, in five completed copies of pbc; each measure pooled by pool.scalar
# on the scale on which cartwheel pools it, and turned back.
suppressMessages({library(survival); library(pROC); library(mice); library(jsonlite)})
d <- read.csv(file.path(commandArgs(TRUE)[1], "mi_pbc_completed.csv"))
h <- 1825
strict <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 100)
tight <- glm.control(epsilon = 1e-14, maxit = 200)
lp <- function(x) 0.03 * x$age + 0.6 * log(x$bili) + 0.4 * log(x$copper) + 0.3 * x$stage +
  0.0005 * x$chol - 5.5
copies <- split(d, d$imp)
on_logit <- function(a, v) c(qlogis(a), v / (a * (1 - a))^2)

binary <- function(x) {
  r <- roc(x$status, lp(x), levels = 0:1, direction = "<", quiet = TRUE)
  risk <- plogis(lp(x)); p <- mean(x$status)
  slope <- glm(status ~ lp(x), binomial, x, control = tight)
  list(auc = on_logit(as.numeric(auc(r)), var(r, method = "delong")),
    calibration_slope = c(coef(slope)[[2]], vcov(slope)[2, 2]),
    observed_expected = c(log(p / mean(risk)), (1 - p) / sum(x$status)),
    brier = c(mean((x$status - risk)^2), var((x$status - risk)^2) / nrow(x)))
}
survived <- function(x) {
  c <- concordance(Surv(time, status) ~ lp(x), x, reverse = TRUE)
  slope <- coxph(Surv(time, status) ~ lp(x), x, control = strict)
  km <- summary(survfit(Surv(time, status) ~ 1, x), times = h)
  risk <- 1 - exp(-exp(lp(x)))
  list(harrell_c = on_logit(c$concordance[[1]], c$var[[1]]),
    calibration_slope = c(coef(slope)[[1]], vcov(slope)[[1]]),
    observed_expected = c(log((1 - km$surv) / mean(risk)), (km$std.err / (1 - km$surv))^2))
}
back <- list(auc = plogis, harrell_c = plogis, observed_expected = exp,
  calibration_slope = identity, brier = identity)
pooled <- function(found) {
  lapply(setNames(nm = names(found[[1]])), function(name) {
    q <- sapply(found, function(one) one[[name]][1]); u <- sapply(found, function(one) one[[name]][2])
    p <- pool.scalar(q, u, n = Inf)
    own <- back[[name]](q)
    list(value = back[[name]](p$qbar),
      low = back[[name]](p$qbar - qt(0.975, p$df) * sqrt(p$t)),
      high = back[[name]](p$qbar + qt(0.975, p$df) * sqrt(p$t)),
      fmi = p$fmi, error = sd(own) / sqrt(length(own)))
  })
}
cat(toJSON(list(horizon = h, binary = pooled(lapply(copies, binary)),
  survival = pooled(lapply(copies, survived))), digits = 15, auto_unbox = TRUE))
