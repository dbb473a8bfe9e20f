# What golden/meta.json of the reference data lacks, by metafor: Rscript make.R > metafor.json
#
# BCG vaccine trials (Colditz 1994), log risk ratios. Every estimator in regressions, with and
# without intercept; deletion diagnostics under Knapp-Hartung; exact permutation tests; all subsets;
# one and two studies; corrections of zero cells. R 4.2.2, metafor 3.8-1; takes two minutes.
suppressPackageStartupMessages({
  library(metafor)
  library(jsonlite)
})
tight <- list(threshold = 1e-13, tol = 1e-15, maxiter = 100000)
methods <- c("EE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM")
tests <- c("z", "knha", "adhoc")
dat <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
dat$yi <- as.numeric(dat$yi)

fitted_model <- function(fit) {
  list(
    beta = c(fit$beta), se = fit$se, statistic = fit$zval, p = fit$pval, low = fit$ci.lb,
    high = fit$ci.ub, tau2 = fit$tau2, tau2_se = fit$se.tau2, i2 = fit$I2, h2 = fit$H2,
    r2 = fit$R2, q = fit$QE, q_p = fit$QEp, omnibus = fit$QM, omnibus_p = fit$QMp,
    log_likelihood = c(logLik(fit)), weights = unname(weights(fit))
  )
}
formulas <- list(
  ablat = ~ablat, ablat_year = ~ ablat + year, alloc = ~alloc, cell_means = ~ 0 + alloc,
  through_zero = ~ 0 + ablat
)
regressions <- list()
for (name in names(formulas)) {
  for (method in methods) {
    for (test in tests) {
      fit <- suppressWarnings(
        rma(yi, vi, mods = formulas[[name]], data = dat, method = method, test = test, control = tight)
      )
      regressions[[length(regressions) + 1]] <- c(
        list(design = name, method = method, test = test), fitted_model(fit)
      )
    }
  }
}

lines <- list()
for (method in c("EE", "REML", "DL")) {
  for (test in tests) {
    fit <- rma(yi, vi, mods = ~ablat, data = dat, method = method, test = test, control = tight)
    new <- as.data.frame(predict(fit, newmods = c(0, 20, 55)))
    lines[[length(lines) + 1]] <- list(
      method = method, test = test, fitted = new$pred, low = new$ci.lb, high = new$ci.ub,
      prediction_low = new$pi.lb, prediction_high = new$pi.ub
    )
  }
}

deletions <- list()
for (method in c("EE", "DL", "REML", "SJ", "PM")) {
  for (test in tests) {
    fit <- rma(yi, vi, data = dat, method = method, test = test, control = tight)
    found <- influence(fit)
    one <- as.data.frame(leave1out(fit))
    added <- as.data.frame(cumul(fit, order = dat$year))
    shrunk <- if (method == "EE") NULL else as.data.frame(blup(fit))
    pulled <- baujat(rma(yi, vi, data = dat, method = method, control = tight))
    deletions[[length(deletions) + 1]] <- list(
      method = method, test = test, rstudent = found$inf$rstudent, rstandard = rstandard(fit)$z,
      dffits = found$inf$dffits, cook = found$inf$cook.d, cov_r = found$inf$cov.r,
      tau2 = found$inf$tau2.del, q = found$inf$QE.del, hat = found$inf$hat,
      weight = found$inf$weight, dfbeta = found$dfbs[[1]], flagged = c(found$is.infl),
      leave_one_out = as.list(one), cumulative = as.list(added), blup = as.list(shrunk),
      baujat_x = pulled$x, baujat_y = pulled$y
    )
  }
}

few <- list()
for (k in 1:3) {
  for (method in methods) {
    for (test in tests) {
      # one study has no Knapp-Hartung interval: metafor falls back on the normal one
      fit <- suppressWarnings(rma(yi, vi, data = dat[seq_len(k), ], method = method, test = test, control = tight))
      few[[length(few) + 1]] <- c(list(k = k, method = method, test = test), fitted_model(fit))
    }
  }
}

permutations <- list()
random <- dat$alloc == "random"
for (test in tests) {
  for (method in c("EE", "DL", "REML")) {
    six <- permutest(
      rma(yi, vi, mods = ~ablat, data = dat[1:6, ], method = method, test = test, control = tight),
      exact = TRUE, progbar = FALSE
    )
    group <- permutest(
      rma(yi, vi, mods = ~random, data = dat, method = method, test = test, control = tight),
      exact = TRUE, progbar = FALSE
    )
    permutations[[length(permutations) + 1]] <- list(
      method = method, test = test, six = six$pval, six_omnibus = six$QMp, group = group$pval,
      group_omnibus = group$QMp
    )
  }
}

subsets <- list()
for (method in c("EE", "DL", "REML")) {
  found <- gosh(rma(yi, vi, data = dat[1:6, ], method = method, control = tight), progbar = FALSE)
  subsets[[length(subsets) + 1]] <- c(
    list(method = method, member = 1 * found$incl), as.list(found$res)
  )
}

zero <- data.frame(a = c(0, 5, 3, 0, 10), n1 = c(10, 20, 3, 8, 10), c = c(2, 0, 1, 0, 7), n0 = c(12, 25, 9, 9, 7))
tables <- list()
for (measure in c("OR", "RR", "RD", "PETO", "AS")) {
  for (to in c("only0", "all", "none")) {
    for (add in c(0.5, 0.1)) {
      found <- suppressWarnings(escalc(
        measure = measure, ai = a, n1i = n1, ci = c, n2i = n0, data = zero, to = to, add = add,
        drop00 = FALSE
      ))
      tables[[length(tables) + 1]] <- list(
        measure = measure, to = to, add = add, yi = as.numeric(found$yi), vi = as.numeric(found$vi)
      )
    }
  }
}
shares <- list()
for (measure in c("PR", "PLN", "PLO", "PAS", "PFT")) {
  for (to in c("only0", "all")) {
    found <- suppressWarnings(escalc(measure = measure, xi = a, ni = n1, data = zero, to = to))
    shares[[length(shares) + 1]] <- list(
      measure = measure, to = to, yi = as.numeric(found$yi), vi = as.numeric(found$vi)
    )
  }
}
rates <- suppressWarnings(escalc(
  measure = "IRR", x1i = c(0, 4), t1i = c(100, 120.5), x2i = c(3, 9), t2i = c(90, 200)
))
scales <- seq(0, 1.6, length.out = 9)
back <- list(
  values = scales, n = c(5, 20, 11),
  PAS = transf.iarcsin(scales), PFT = transf.ipft.hm(scales, targs = list(ni = c(5, 20, 11)))
)
profile <- confint(rma(yi, vi, mods = ~ablat, data = dat, method = "REML", control = tight),
  control = list(tol = 1e-14, maxiter = 10000)
)$random[1, 2:3]

cat(toJSON(
  list(
    note = "made by make.R", metafor = as.character(packageVersion("metafor")),
    data = as.list(dat[, c("yi", "vi", "ablat", "year", "alloc")]), zero = zero,
    regressions = regressions, lines = lines, deletions = deletions, few = few,
    permutations = permutations, subsets = subsets, tables = tables, shares = shares,
    rates = list(yi = as.numeric(rates$yi), vi = as.numeric(rates$vi)), back = back,
    profile_ablat = unname(profile)
  ),
  digits = I(15), auto_unbox = TRUE, null = "null", na = "null"
))
