# Rscript groups.R > groups.json      (R 4.2.2, survival 3.5-3, cmprsk 2.2-11, metafor 3.8-1)
# Groups of a validation on SIMULATED patients: interaction tests, recalibration in all centres but
# one, random effects over centres. The rows are in the file, so that nothing is simulated again.
suppressMessages({library(survival); library(cmprsk); library(metafor); library(jsonlite)})
set.seed(20261122)
n <- 240; horizon <- 12
centre <- sample(0:3, n, TRUE, c(0.4, 0.3, 0.2, 0.1))
lp <- round(rnorm(n, -0.8, 1), 3)
risk <- plogis(lp)
event <- rbinom(n, 1, plogis(0.3 + (0.5 + 0.4 * (centre == 1)) * lp))
cloglog <- round(rnorm(n, -0.9, 0.8), 3)
risk_over_time <- 1 - exp(-exp(cloglog))
latent <- round(rexp(n, exp(cloglog * (0.6 + 0.5 * (centre == 2))) / 14), 1) + 0.1
other <- round(rexp(n, 1 / 40), 1) + 0.1
follow <- round(runif(n, 6, 40), 1)
time <- pmin(latent, follow); died <- as.integer(latent <= follow)
# no two times are the same: finegray and crr differ where events and censorings share one
first <- pmin(latent, other, follow) + (1:n) / 1e5
cause <- ifelse(pmin(latent, other) > follow, 0, ifelse(latent <= other, 1, 2))
tight <- glm.control(epsilon = 1e-15, maxit = 200)
strict <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 100)
group <- factor(centre)
ratio <- function(a, b) 2 * as.numeric(logLik(b) - logLik(a))
cox <- function(formula) coxph(formula, control = strict)
interactions <- list(
  binary = ratio(glm(event ~ lp + group, binomial, control = tight), glm(event ~ lp * group, binomial, control = tight)),
  survival = ratio(cox(Surv(time, died) ~ cloglog + group), cox(Surv(time, died) ~ cloglog * group)),
  competing = ratio(cox(Surv(first, cause == 1) ~ cloglog + group), cox(Surv(first, cause == 1) ~ cloglog * group)),
  # two groups, the score as points
  points = ratio(glm(event ~ round(lp) + (centre > 0), binomial, control = tight), glm(event ~ round(lp) * (centre > 0), binomial, control = tight)))
updated <- lapply(0:3, function(k) {
  rest <- centre != k; own <- !rest
  b <- coef(glm(event ~ lp, binomial, subset = rest, control = tight))
  f <- coxph(Surv(time, died) ~ cloglog, subset = rest, control = strict)
  s <- summary(survfit(f, newdata = data.frame(cloglog = cloglog[own])), times = horizon)$surv
  g <- crr(first[rest], cause[rest], cloglog[rest], gtol = 1e-12)
  p <- predict(g, cloglog[own])
  row <- max(which(p[, 1] <= horizon))
  list(binary = plogis(b[1] + b[2] * lp[own]), survival = 1 - as.numeric(s), competing = as.numeric(p[row, -1]))
})
pooled <- function(y, se) {
  m <- rma(y, sei = se, method = "REML", test = "knha", control = list(threshold = 1e-12, maxiter = 5000))
  p <- predict(m)
  list(y = y, se = se, estimate = as.numeric(m$b), low = m$ci.lb, high = m$ci.ub, prediction_low = p$pi.lb,
       prediction_high = p$pi.ub, tau2 = m$tau2, i2 = m$I2, q = m$QE, q_p_value = m$QEp)
}
effects <- round(rnorm(10, 0.8, 0.4), 3); errors <- round(runif(10, 0.15, 0.5), 3)
random <- lapply(2:10, function(k) pooled(effects[1:k], errors[1:k]))
cat(toJSON(list(rows = list(centre = centre, risk = risk, event = event, risk_over_time = risk_over_time, time = time,
  died = died, first = first, cause = cause, horizon = horizon), interactions = interactions, updated = updated,
  random = random), auto_unbox = TRUE, digits = NA), "\n")
