# Makes numbers.json: results that golden/meta.json lacks. Run in this folder:
#   Rscript make.R FOLDER_WITH_cart_2x2.csv
# R 4.2.2; metafor 3.8-1, lme4 1.1-31, clubSandwich 0.5.8, metadat 1.2-0, numDeriv, jsonlite.
# Tables are of R metadat, under the names of their sources there; cart_2x2.csv is CAR-HEMATOTOX
# as printed by Rejeski 2021 (10.1182/blood.2020010543) and 2023 (10.1186/s13045-023-01465-x).

suppressMessages({library(metafor); library(lme4); library(clubSandwich); library(jsonlite)})
facts <- commandArgs(trailingOnly = TRUE)[1]
out <- list()
num <- function(x) as.numeric(x)
# as tightly as the optimiser converges
tight <- function(fit) {
  for (tol in 10^-(12:9)) {
    r <- try(fit(list(rel.tol = tol, iter.max = 1000, eval.max = 1000)), silent = TRUE)
    if (!inherits(r, "try-error")) return(r)
  }
  fit(list())
}

# ---- binomial-normal ----
marginal <- function(xi, ni, mu, tau) sum(mapply(function(x, n) {
  f <- function(z) exp(dbinom(x, n, plogis(mu + tau * z), log = TRUE) + dnorm(z, log = TRUE))
  # the integrand is narrow in a large study: integrate about its mode
  m <- optimize(function(z) log(f(z)), c(-8, 8), maximum = TRUE, tol = 1e-8)$maximum
  s <- 1 / sqrt(1 + tau^2 * n * plogis(mu + tau * m) * (1 - plogis(mu + tau * m)))
  log(integrate(f, m - 14 * s, m + 14 * s, rel.tol = 1e-12, abs.tol = 0, subdivisions = 1000)$value)
}, xi, ni))
glmm <- function(xi, ni) {
  d <- data.frame(xi, ni, id = factor(seq_along(xi)))
  fits <- lapply(c(7, 25), function(q) {
    m <- glmer(cbind(xi, ni - xi) ~ 1 + (1 | id), d, binomial, nAGQ = q,
               control = glmerControl(optimizer = "bobyqa",
                 optCtrl = list(rhobeg = 0.02, rhoend = 1e-9, maxfun = 1e5)))
    list(nodes = q, estimate = num(fixef(m)), std_error = num(sqrt(vcov(m)[1])),
         tau2 = num(VarCorr(m)$id))
  })
  r <- rma.glmm(xi = xi, ni = ni, measure = "PLO")
  pr <- predict(r)
  f <- rma.glmm(xi = xi, ni = ni, measure = "PLO", method = "FE")
  at <- list(c(num(r$beta), max(sqrt(r$tau2), 0.2)), c(num(r$beta) + 0.3, 1.1))
  list(events = xi, n = ni, lme4 = fits,
       metafor = list(estimate = num(r$beta), std_error = r$se, tau2 = r$tau2,
         low = r$ci.lb, high = r$ci.ub, q_lrt = r$QE.LRT, q_lrt_p = r$QEp.LRT, df = r$QE.df,
         prediction = c(pr$pi.lb, pr$pi.ub)),
       common = list(estimate = num(f$beta), std_error = f$se, low = f$ci.lb, high = f$ci.ub),
       integral = lapply(at, function(p) list(at = p, log_likelihood = marginal(xi, ni, p[1], p[2]))))
}
p <- dat.pritz1997; b <- dat.debruin2009
out$glmm <- list(pritz1997 = glmm(p$xi, p$ni), debruin2009 = glmm(b$xi, b$ni),
  zeros = glmm(c(0, 0, 1, 3, 0, 12, 2), c(11, 40, 25, 60, 8, 90, 33)))

# ---- several effects a study, CR2 ----
several <- function(yi, vi, cluster, X, r = 0) {
  id <- seq_along(yi)
  colnames(X) <- paste0("x", seq_len(ncol(X)))
  V <- if (r == 0) diag(vi) else vcalc(vi, cluster = cluster, obs = id, rho = r)
  fit <- tight(function(control) rma.mv(yi, V, mods = X, intercept = FALSE,
    random = ~ 1 | cluster / id, control = control))
  s <- fit$sigma2
  at <- rma.mv(yi, V, mods = X, intercept = FALSE, random = ~ 1 | cluster / id, sigma2 = s)
  ct <- coef_test(at, vcov = "CR2", cluster = cluster, test = "Satterthwaite")
  list(effects = yi, variances = vi, cluster = as.integer(cluster), design = unname(X),
    sampling_correlation = r, sigma2 = s, log_likelihood = num(logLik(fit)),
    coefficients = num(at$beta), std_error = at$se, z_low = at$ci.lb, z_high = at$ci.ub,
    robust_std_error = ct$SE, robust_df = ct$df, statistic = ct$tstat, p_values = ct$p_Satt)
}
k <- dat.konstantopoulos2011; a <- dat.assink2016; g <- dat.berkey1998
one <- function(n) matrix(1, n, 1)
out$multilevel <- list(
  konstantopoulos = several(num(k$yi), k$vi, k$district, one(nrow(k))),
  konstantopoulos_year = several(num(k$yi), k$vi, k$district, cbind(1, k$year - 1980)),
  konstantopoulos_correlated = several(num(k$yi), k$vi, k$district, one(nrow(k)), 0.6),
  assink = several(num(a$yi), a$vi, a$study, one(nrow(a))),
  assink_moderators = several(num(a$yi), a$vi, a$study, cbind(1, a$pubstatus, a$year)),
  assink_correlated = several(num(a$yi), a$vi, a$study, cbind(1, a$pubstatus), 0.4),
  berkey = several(num(g$yi), g$vi, g$trial, cbind(g$outcome == "PD", g$outcome == "AL") + 0))

# ---- two correlated outcomes; accuracy ----
two <- function(y, v, cor = 0, method = "REML") {
  n <- nrow(y); id <- rep(1:n, each = 2); o <- rep(c("a", "b"), n)
  yi <- c(t(y)); vi <- c(t(v))
  V <- bldiag(lapply(1:n, function(i) {
    s <- ifelse(is.na(v[i, ]), 1, sqrt(v[i, ])); s %o% s * matrix(c(1, cor, cor, 1), 2) }))
  fit <- tight(function(control) rma.mv(yi, V, mods = ~ o - 1, random = ~ o | id, struct = "UN",
    method = method, control = control))
  at <- rma.mv(yi, V, mods = ~ o - 1, random = ~ o | id, struct = "UN", method = method,
    tau2 = fit$tau2, rho = fit$rho)
  list(effects = ifelse(is.na(y), "NA", y), variances = ifelse(is.na(v), "NA", v),
    within_correlation = cor, method = method, estimate = num(at$beta), covariance = unname(vcov(at)),
    tau2 = fit$tau2, rho = fit$rho, log_likelihood = num(logLik(fit)))
}
cells <- function(tp, fn, fp, tn) {
  z <- (tp == 0 | fn == 0 | fp == 0 | tn == 0) / 2
  tp <- tp + z; fn <- fn + z; fp <- fp + z; tn <- tn + z
  list(y = cbind(log(tp / fn), log(tn / fp)), v = cbind(1 / tp + 1 / fn, 1 / tn + 1 / fp))
}
# np and nn are the patients with and without the disease
kr <- na.omit(dat.kearon1998[c("np", "nn", "tp", "tn")])
acc <- with(kr, list(tp = tp, fn = np - tp, fp = nn - tn, tn = tn))
x <- cells(acc$tp, acc$fn, acc$fp, acc$tn)
out$accuracy <- list(c(acc, two(x$y, x$v)), c(acc, two(x$y, x$v, method = "ML")))
bk <- function(col) matrix(dat.berkey1998[[col]], ncol = 2, byrow = TRUE)
y <- bk("yi"); v <- bk("vi"); y2 <- y; v2 <- v; y2[2, 2] <- v2[2, 2] <- NA; y2[4, 1] <- v2[4, 1] <- NA
out$bivariate <- list(two(y, v), two(y, v, 0.5), two(y, v, 0.5, "ML"), two(y2, v2, 0.3))

# ---- selection by p-value ----
sel <- function(yi, vi, steps, alternative) {
  ml <- rma(yi, vi, method = "ML", control = list(threshold = 1e-12, maxiter = 1000))
  s <- tight(function(control) selmodel(ml, type = "stepfun", steps = steps,
    alternative = alternative, control = c(list(optimizer = "nlminb"), control)))
  list(effects = num(yi), variances = num(vi), steps = steps, alternative = alternative,
    estimate = num(s$beta), std_error = s$se, tau2 = s$tau2, tau2_std_error = s$se.tau2,
    weights = num(s$delta), weight_std_error = num(s$se.delta), log_likelihood = num(logLik(s)),
    likelihood_ratio = s$LRT, p_value = s$LRTp)
}
h <- dat.hackshaw1998; s1 <- dat.bangertdrowns2004
e <- escalc(measure = "OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.nielweise2007)
out$selection <- list(
  sel(h$yi, h$vi, 0.025, "greater"), sel(h$yi, h$vi, c(0.025, 0.5), "greater"),
  sel(s1$yi, s1$vi, 0.025, "greater"), sel(s1$yi, s1$vi, c(0.05, 0.5), "greater"),
  sel(s1$yi, s1$vi, 0.05, "two.sided"), sel(e$yi, e$vi, 0.025, "less"))

# ---- tables and rates ----
mh <- function(r) list(estimate = num(r$beta), std_error = r$se, z = r$zval, p = r$pval,
  low = r$ci.lb, high = r$ci.ub, q = r$QE, q_p = r$QEp, i2 = r$I2, h2 = r$H2, cmh = r$MH, cmh_p = r$MHp,
  bd = r$BD, ta = r$TA, bd_p = r$BDp, ta_p = r$TAp, df = r$k.pos - 1, weights = unname(weights(r)))
clean <- function(x) lapply(x, function(v) if (is.null(v)) "NA" else ifelse(is.na(v), "NA", v))
n <- dat.nielweise2008
rate <- list(x1 = n$x1i, t1 = n$t1i, x0 = n$x2i, t0 = n$t2i)
out$rates <- c(rate, list(results = lapply(list(c("IRR", TRUE), c("IRR", FALSE), c("IRD", TRUE)),
  function(m) c(list(measure = m[1], correct = as.logical(m[2])), clean(mh(rma.mh(x1i = rate$x1,
    t1i = rate$t1, x2i = rate$x0, t2i = rate$t0, measure = m[1], correct = as.logical(m[2]))))))))
f <- read.csv(file.path(facts, "cart_2x2.csv"))
sets <- c("ht_neutropenia14", "ht_profound7", "ht_neutropenia7", "ht_anaemia")
out$tables <- lapply(sets, function(s) {
  t <- f[f$set == s, ]
  with(t, list(set = s, a = events_high, n1 = n_high, c = events_low, n0 = n_low,
    results = lapply(c("OR", "RR", "RD"), function(m) c(list(measure = m), clean(mh(rma.mh(
      ai = events_high, n1i = n_high, ci = events_low, n2i = n_low, measure = m))))),
    peto = clean(mh(rma.peto(ai = events_high, n1i = n_high, ci = events_low, n2i = n_low)))))
})

# ---- small studies ----
lm2 <- function(y, x, w) {
  s <- summary(lm(y ~ x, weights = w))
  list(t = s$coefficients[2, 3], p = s$coefficients[2, 4], df = s$df[2],
    bias = s$coefficients[2, 1], bias_se = s$coefficients[2, 2], limit = s$coefficients[1, 1])
}
counts <- function(a, n1, c, n0) {
  # integers would overflow in the products
  a <- num(a); n1 <- num(n1); c <- num(c); n0 <- num(n0)
  m <- a + c; nn <- n1 + n0
  z <- a - n1 * m / nn; v <- n1 * n0 * m * (nn - m) / (nn^2 * (nn - 1))
  es <- escalc(measure = "OR", ai = a, n1i = n1, ci = c, n2i = n0)
  ess <- 4 * n1 * n0 / nn
  list(a = a, n1 = n1, c = c, n0 = n0,
    peters = lm2(es$yi, 1 / nn, 1 / (1 / m + 1 / (nn - m))),
    harbord = lm2(z / v, 1 / sqrt(v), v),
    macaskill = lm2(es$yi, nn, 1 / (1 / m + 1 / (nn - m))),
    # cartwheel leaves out studies that have only events, or none
    deeks = lm2(es$yi, 1 / sqrt(ess), ess * (m > 0 & m < nn)))
}
bcg <- dat.bcg; e1 <- dat.egger2001; e1 <- e1[e1$meta == e1$meta[1], ]
out$asymmetry_counts <- list(counts(bcg$tpos, bcg$tpos + bcg$tneg, bcg$cpos, bcg$cpos + bcg$cneg),
  with(e, counts(ai, n1i, ci, n2i)))
reg <- function(yi, vi, ni) {
  all <- list()
  for (m in c("lm", "rma_REML", "rma_DL", "rma_FE")) for (p in c("sei", "vi", "ni", "ninv", "sqrtni", "sqrtninv")) {
    r <- if (m == "lm") regtest(yi, vi, ni = ni, model = "lm", predictor = p) else {
      fit <- rma(yi, vi, ni = ni, method = sub("rma_", "", m), control = list(threshold = 1e-12, maxiter = 1000))
      regtest(fit, predictor = p) }
    b <- if (m == "lm") coef(summary(r$fit)) else cbind(r$fit$beta, r$fit$se)
    all[[length(all) + 1]] <- list(model = m, predictor = p, statistic = num(r$zval), p = num(r$pval),
      df = if (m == "lm") r$dfs else "NA", bias = b[2, 1], bias_se = b[2, 2], limit = b[1, 1],
      limit_ci = if (is.null(r$est)) "NA" else c(r$ci.lb, r$ci.ub))
  }
  list(effects = num(yi), variances = num(vi), n = ni, results = all)
}
be <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
out$asymmetry <- list(reg(be$yi, be$vi, with(bcg, tpos + tneg + cpos + cneg)), reg(s1$yi, s1$vi, s1$ni))
tie <- list(c(.1, .3, .2, .5, .4, .1, .9, .7), c(.01, .02, .02, .05, .05, .05, .2, .1))
rk <- suppressWarnings(ranktest(tie[[1]], tie[[2]]))
out$rank <- list(list(effects = tie[[1]], variances = tie[[2]], tau = num(rk$tau), p = rk$pval))
out$fail_safe <- lapply(list(be, s1), function(x) list(effects = num(x$yi), variances = num(x$vi),
  rosenthal = fsn(x$yi, x$vi)$fsnum, rosenberg = fsn(x$yi, x$vi, type = "Rosenberg")$fsnum,
  orwin = fsn(x$yi, x$vi, type = "Orwin")$fsnum,
  orwin_target = fsn(x$yi, x$vi, type = "Orwin", target = 0.1)$fsnum,
  orwin_weighted = fsn(x$yi, x$vi, type = "Orwin", weighted = TRUE)$fsnum))
tf <- function(x, side, est, method) {
  r <- trimfill(rma(yi, vi, data = x, method = method, control = list(threshold = 1e-12, maxiter = 1000)),
    side = side, estimator = est)
  list(effects = num(x$yi), variances = num(x$vi), side = side, estimator = est, method = method, k0 = r$k0, se_k0 = r$se.k0,
    estimate = num(r$beta), std_error = r$se, tau2 = r$tau2, filled = I(num(r$yi)[r$fill]))
}
out$trim_fill <- unlist(lapply(c("left", "right"), function(s) lapply(c("L0", "R0", "Q0"),
  function(q) try(tf(be, s, q, "REML"), silent = TRUE))), FALSE)
out$trim_fill <- Filter(is.list, out$trim_fill)

writeLines(toJSON(out, digits = NA, auto_unbox = TRUE, pretty = FALSE), "numbers.json")
