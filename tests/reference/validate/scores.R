# Rscript scores.R > scores.json  (R 4.2.2, survival 3.5-3, cmprsk 2.2-11, Hmisc 4.8, pROC 1.18.0, riskRegression 2022.11.28)
# Two scores on the same SIMULATED patients: flexible calibration by restricted cubic splines, and
# paired differences. The rows are in the file, so that nothing is simulated again.
suppressMessages({library(survival); library(cmprsk); library(Hmisc); library(pROC); library(riskRegression); library(jsonlite)})
set.seed(20261123)
n <- 180; horizon <- 12
x <- rnorm(n); z <- rnorm(n)
# the second score is coarse, so that predictions are tied
lp <- list(first = round(-0.9 + 0.9 * x, 3), second = round(-0.7 + 0.5 * x + 0.6 * z, 1))
risk <- lapply(lp, plogis)
event <- rbinom(n, 1, plogis(-0.6 + 0.8 * x + 0.3 * z))
cloglog <- list(first = round(-0.8 + 0.8 * x, 3), second = round(-0.9 + 0.5 * x + 0.5 * z, 1))
later <- lapply(cloglog, function(l) 1 - exp(-exp(l)))
latent <- rexp(n, exp(0.7 * x + 0.3 * z) / 20); other <- rexp(n, 1 / 40); follow <- runif(n, 6, 40)
# no two times are the same: R's packages treat ties of events and censorings in different ways
apart <- (1:n) / 1e5
time <- round(pmin(latent, follow), 1) + 0.1 + apart; died <- as.integer(latent <= follow)
first <- round(pmin(latent, other, follow), 1) + 0.1 + apart
cause <- ifelse(pmin(latent, other) > follow, 0, ifelse(latent <= other, 1, 2))
tight <- glm.control(epsilon = 1e-15, maxit = 200)
strict <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 100)
at <- c(0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
scaled <- list(binary = qlogis, survival = function(p) log(-log(1 - p)), competing = function(p) log(-log(1 - p)))
smooth <- function(kind, p) {
  l <- scaled[[kind]](p)
  knots <- unique(quantile(l, c(0.05, 0.35, 0.65, 0.95), names = FALSE))
  basis <- rcspline.eval(l, knots = knots, inclx = TRUE)
  more <- rcspline.eval(scaled[[kind]](at), knots = knots, inclx = TRUE)
  colnames(basis) <- colnames(more) <- paste0("b", seq_len(ncol(basis)))
  everything <- as.data.frame(rbind(basis, more)); own <- as.data.frame(basis)
  if (kind == "binary") {
    f <- glm(event ~ ., binomial, data = cbind(event = event, own), control = tight)
    o <- predict(f, everything, type = "response")
  } else if (kind == "survival") {
    f <- coxph(Surv(time, died) ~ ., data = cbind(time = time, died = died, own), control = strict)
    o <- 1 - as.numeric(summary(survfit(f, newdata = everything), times = horizon)$surv)
  } else {
    f <- crr(first, cause, basis, gtol = 1e-12, maxiter = 200)
    p <- predict(f, as.matrix(everything))
    o <- as.numeric(p[max(which(p[, 1] <= horizon)), -1])
  }
  d <- abs(o[1:n] - switch(kind, binary = p_of(l, plogis), p_of(l, function(v) 1 - exp(-exp(v)))))
  q <- quantile(d, c(0.5, 0.9), names = FALSE)
  list(ici = mean(d), e50 = q[1], e90 = q[2], observed = as.numeric(o[-(1:n)]))
}
p_of <- function(l, inverse) inverse(l)
kinds <- list(binary = risk, survival = later, competing = later)
flexible <- sapply(names(kinds), function(kind) lapply(kinds[[kind]], function(p) smooth(kind, p)), simplify = FALSE)
delong <- roc.test(roc(event, risk$first, direction = "<", quiet = TRUE), roc(event, risk$second, direction = "<", quiet = TRUE), paired = TRUE)
gain <- (event - risk$first)^2 - (event - risk$second)^2
wald <- t.test(gain)
harrell <- function(t, e) {
  one <- coxph(Surv(t, e) ~ later$first); two <- coxph(Surv(t, e) ~ later$second)
  stopifnot(coef(one) > 0, coef(two) > 0)
  k <- concordance(one, two)
  contrast <- c(1, -1)
  list(difference = sum(contrast * coef(k)), std_error = sqrt(as.numeric(contrast %*% vcov(k) %*% contrast)))
}
scored <- function(formula, data, p, ...) {
  s <- Score(p, formula = formula, data = data, times = horizon, metrics = c("auc", "brier"), null.model = FALSE,
             conf.int = TRUE, contrasts = TRUE, se.fit = TRUE, cens.model = "km", ...)
  one <- function(t, what) { r <- t[t$model == "second" & t$reference == "first", ]; list(difference = -r[[what]], std_error = r$se, p_value = r$p) }
  list(auc = one(as.data.frame(s$AUC$contrasts), "delta.AUC"), brier = one(as.data.frame(s$Brier$contrasts), "delta.Brier"))
}
matrices <- lapply(later, function(p) matrix(p, ncol = 1))
over_time <- scored(Surv(time, died) ~ 1, data.frame(time, died), matrices)
competing <- scored(Hist(first, cause) ~ 1, data.frame(first, cause), matrices, cause = 1)
after <- ifelse(cause == 2, 1.5 * max(first) + 1, first)
cat(toJSON(list(
  rows = list(risk = risk, event = event, later = later, time = time, died = died, first = first, cause = cause, horizon = horizon, at = at),
  flexible = flexible,
  differences = list(
    binary = list(auc = list(difference = as.numeric(delong$estimate[1] - delong$estimate[2]), p_value = as.numeric(delong$p.value)),
                  brier = list(difference = mean(gain), std_error = as.numeric(wald$stderr))),
    survival = c(list(harrell_c = harrell(time, died), auc_at_horizon = over_time$auc), list(brier = over_time$brier)),
    competing = c(list(harrell_c = harrell(after, cause == 1), auc_at_horizon = competing$auc), list(brier = competing$brier))
  )), auto_unbox = TRUE, digits = NA), "\n")
