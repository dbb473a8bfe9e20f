# Rscript make.R > landmark.json      (R 4.2.2, survival 3.5-3, rms, sandwich)
# Landmark models on SIMULATED rows: 120 patients, one row a landmark while event-free. The rows are
# written into the file, so that nothing has to be simulated again.
suppressMessages({library(survival); library(rms); library(sandwich)})
set.seed(20261121)
n <- 120; days <- c(0, 3, 5, 7); window <- 6
frail <- rnorm(n)
event_time <- round(rexp(n, exp(-2.9 + 0.7 * frail)), 1) + 0.1
follow <- round(runif(n, 3, 25), 1)
time <- pmin(event_time, follow); event <- as.integer(event_time <= follow)
rows <- do.call(rbind, lapply(days, function(s) {
  free <- which(time > s)
  data.frame(id = free, day = s, a = round(frail[free] + rnorm(length(free), 0, 1.5 / (1 + s / 4)), 3),
    b = round(rnorm(length(free)) + 0.1 * s, 3), left = pmin(time[free] - s, window),
    event = as.integer(event[free] == 1 & time[free] - s <= window))
}))
rows$left <- round(rows$left, 1)
rows$dd <- rows$day^2; rows$ad <- rows$a * rows$day; rows$bd <- rows$b * rows$day
number <- function(v) paste0("[", paste(trimws(formatC(as.numeric(v), digits = 17, format = "g")), collapse = ", "), "]")
case <- function(name, ...) { v <- list(...); paste0('    "', name, '": {', paste0('"', names(v), '": ', sapply(v, number), collapse = ",\n      "), "}") }

tight <- glm.control(epsilon = 1e-15, maxit = 200)
logistic <- function(formula) {
  plain <- glm(formula, binomial, rows, control = tight)
  f <- do.call(lrm, list(formula, data = rows, x = TRUE, y = TRUE, tol = 1e-14, eps = 1e-14, maxit = 200))
  c(list(coefficients = coef(plain), robcov = vcov(robcov(f, rows$id)),
         vcovcl = vcovCL(plain, cluster = rows$id, type = "HC0", cadjust = FALSE)))
}
strict <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 100)
cox <- function(formula) {
  f <- coxph(formula, rows, ties = "breslow", control = strict, x = TRUE)
  base <- basehaz(f, centered = FALSE)
  end <- tapply(base$hazard, base$strata, max)
  list(coefficients = coef(f), robust = vcov(f), model = f$naive.var, loglik = f$loglik[2], hazard = end)
}
# one baseline hazard in days since the first landmark; left is rounded, so the ends are made of it
rows$stop <- round(rows$day + rows$left, 1)
between <- function(formula) {
  f <- coxph(formula, rows, ties = "breslow", control = strict, x = TRUE)
  base <- basehaz(f, centered = FALSE)
  jump <- diff(c(0, base$hazard)) > 0
  list(coefficients = coef(f), robust = vcov(f), time = base$time[jump], hazard = base$hazard[jump])
}
cases <- c(
  do.call(case, c("logistic_linear", logistic(event ~ a + b + day))),
  do.call(case, c("logistic_interactions", logistic(event ~ a + b + day + dd + ad + bd))),
  do.call(case, c("cox_main", cox(Surv(left, event) ~ a + b + strata(day) + cluster(id)))),
  do.call(case, c("cox_interactions", cox(Surv(left, event) ~ a + b + ad + bd + strata(day) + cluster(id)))),
  do.call(case, c("between_main", between(Surv(day, stop, event) ~ a + b + day + cluster(id)))),
  do.call(case, c("between_interactions", between(Surv(day, stop, event) ~ a + b + ad + bd + day + dd + cluster(id)))))
cat('{\n  "made_by": "tests/reference/landmark/make.R, R ', as.character(getRversion()), ", survival ",
  as.character(packageVersion("survival")), ", rms ", as.character(packageVersion("rms")), ", sandwich ",
  as.character(packageVersion("sandwich")), '",\n  "simulated": true,\n  "window": ', window, ',\n  "rows": {', sep = "")
cat(paste0('"', names(rows)[1:6], '": ', sapply(rows[1:6], number), collapse = ",\n    "), "},\n", sep = "")
cat('  "cases": {\n', paste(cases, collapse = ",\n"), "\n  }\n}\n", sep = "")
