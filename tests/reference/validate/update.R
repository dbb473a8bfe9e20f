# Rscript update.R FOLDER_OF_REFERENCE_DATA > update.json     (R 4.2.2, stats, survival 3.5-3)
# The updating ladder of three invented scores on public patients: glm and coxph with the score as
# offset, as one column, in its terms, and with a column added; likelihood ratios by anova's rule.
# The nonparametric likelihood of the baseline hazard is maximised here event by event.
suppressMessages(library(survival))
folder <- commandArgs(TRUE)[1]
table <- function(name) read.csv(file.path(folder, paste0(name, ".csv")))
number <- function(v) paste0("[", paste(trimws(formatC(as.numeric(v), digits = 15, format = "g")), collapse = ", "), "]")
row <- function(name, ...) { v <- list(...); paste0('"', name, '": {', paste0('"', names(v), '": ', v, collapse = ", "), "}") }
tight <- glm.control(epsilon = 1e-15, maxit = 100)

# low birth weight: lp = 1.0 - 0.02 lwt + 0.5 smoke + 1.5 ht, age added
b <- table("birthwt")
parts <- cbind(-0.02 * b$lwt, 0.5 * b$smoke, 1.5 * b$ht)
lp <- 1.0 + rowSums(parts)
fit <- function(...) glm(..., family = binomial, control = tight, data = b)
rungs <- list(
  fit(low ~ offset(lp)), fit(low ~ lp), fit(low ~ parts), fit(low ~ parts + age))
asis <- sum(b$low * lp - log1p(exp(lp)))
ll <- c(asis, sapply(rungs, function(f) as.numeric(logLik(f))))
binary <- row("birthwt",
  log_likelihood = number(ll),
  statistic = number(2 * (ll[5] - ll[1:4])),
  anova = number(anova(rungs[[3]], rungs[[4]], test = "LRT")$Deviance[2]),
  intercept = number(c(coef(rungs[[1]]), sqrt(vcov(rungs[[1]])[1]))),
  slope = number(c(coef(rungs[[2]]), sqrt(diag(vcov(rungs[[2]]))))),
  re_estimated = number(c(coef(rungs[[3]]), sqrt(diag(vcov(rungs[[3]]))))),
  extended = number(c(coef(rungs[[4]]), sqrt(diag(vcov(rungs[[4]]))))),
  first_risks = number(fitted(rungs[[4]])[1:5]))

# recurrence of breast cancer by 1500 days: S0 = 0.7 at value 1.5, value = 0.06 nodes + 0.3 grade
# + 0.01 size; hormon added. times with many ties too (rounded to 100 days)
survival <- function(name, round_to) {
  g <- table("gbsg")
  time <- if (round_to > 1) ceiling(g$rfstime / round_to) * round_to else g$rfstime
  parts <- cbind(0.06 * g$nodes, 0.3 * g$grade, 0.01 * g$size)
  lp <- log(-log(0.7)) + rowSums(parts) - 1.5
  y <- Surv(time, g$status)
  exact <- coxph.control(eps = 1e-14, iter.max = 50, toler.chol = 1e-14)
  rungs <- list(
    coxph(y ~ lp, control = exact), coxph(y ~ parts, control = exact),
    coxph(y ~ parts + g$hormon, control = exact))
  held <- coxph(y ~ lp, init = 1, control = coxph.control(iter.max = 0))
  horizon <- 1500
  hazard <- function(f) {
    h <- basehaz(f, centered = FALSE); max(h$hazard[h$time <= horizon])
  }
  # denominators of Efron, event by event
  at_risk <- c()
  for (t in sort(unique(time[g$status == 1 & time <= horizon]))) {
    dying <- exp(lp[time == t & g$status == 1])
    at_risk <- c(at_risk, sum(exp(lp[time >= t])) - (seq_along(dying) - 1) / length(dying) * sum(dying))
  }
  c0 <- uniroot(function(x) sum(1 / (at_risk + x)) - 1, c(1 - min(at_risk), length(at_risk)), tol = 1e-13, maxiter = 1000)$root
  cost <- 2 * sum(log(1 + c0 / at_risk) - c0 / (at_risk + c0))
  ll <- c(held$loglik[1], sapply(rungs, function(f) f$loglik[2]))
  ll <- c(ll[1] - cost / 2, ll)
  row(name,
    log_likelihood = number(ll),
    statistic = number(2 * (ll[5] - ll[1:4])),
    anova = number(anova(rungs[[2]], rungs[[3]])$Chisq[2]),
    intercept = number(log(hazard(held))),
    slope = number(c(log(hazard(rungs[[1]])), coef(rungs[[1]]), sqrt(vcov(rungs[[1]])))),
    re_estimated = number(c(log(hazard(rungs[[2]])), coef(rungs[[2]]), sqrt(diag(vcov(rungs[[2]]))))),
    extended = number(c(log(hazard(rungs[[3]])), coef(rungs[[3]]), sqrt(diag(vcov(rungs[[3]]))))))
}
cat("{", paste(c(binary, survival("gbsg", 1), survival("gbsg_tied", 100)), collapse = ",\n "), "}\n", sep = "")
