# Rscript make.R FOLDER_OF_REFERENCE_DATA > logistic_models.json      (R 4.2.2, stats)
# What golden/logit.json does not hold: FLAC, made here with base R's glm alone (logistf's flac()
# is missing in every golden case); profile limits of glm to full precision, where confint.glm draws
# a spline through the profile; residuals and Cook's distances of a fit run to convergence.
folder <- commandArgs(TRUE)[1]
table <- function(name) read.csv(file.path(folder, paste0(name, ".csv")))
number <- function(v) paste0("[", paste(trimws(formatC(as.numeric(v), digits = 15, format = "g")), collapse = ", "), "]")
row <- function(name, ...) { v <- list(...); paste0('"', name, '": {', paste0('"', names(v), '": ', v, collapse = ", "), "}") }
tight <- glm.control(epsilon = 1e-15, maxit = 200)
fit <- function(...) suppressWarnings(glm.fit(..., family = binomial(), control = tight))

# Firth's estimate: glm of each patient and two pseudo-patients of half its leverage, repeated
firth <- function(x, y) {
  n <- length(y); h <- rep(ncol(x) / n, n); start <- NULL
  for (turn in 1:2000) {
    f <- fit(rbind(x, x, x), c(y, y, 1 - y), weights = c(rep(1, n), h / 2, h / 2), start = start)
    p <- plogis(drop(x %*% f$coefficients)); w <- sqrt(p * (1 - p)) * x
    new <- rowSums((w %*% solve(crossprod(w))) * w)
    done <- max(abs(new - h)) < 1e-15
    h <- new; start <- f$coefficients
    if (done) break
  }
  list(coef = start, h = h)
}
# limits of the profile likelihood: the root in one coefficient, the others refitted
limits <- function(x, y, weight, f, which) {
  top <- -f$deviance / 2; se <- sqrt(diag(chol2inv(f$qr$qr[1:ncol(x), 1:ncol(x)])))
  t(sapply(which, function(j) sapply(c(-1, 1), function(side) {
    gap <- function(b) {
      g <- fit(x[, -j, drop = FALSE], y, weights = weight, offset = x[, j] * b)
      2 * (top + g$deviance / 2) - qchisq(0.95, 1)
    }
    far <- f$coefficients[j] + side * 2 * se[j]
    while (gap(far) < 0) far <- far + side * se[j]
    uniroot(gap, sort(c(f$coefficients[j], far)), tol = 1e-13, maxiter = 500)$root
  })))
}
models <- list(
  birthwt = list("birthwt", low ~ age + lwt + factor(race) + smoke + ptl + ht + ui),
  birthwt_small = list("birthwt", low ~ lwt + smoke),
  aSAH = list("aSAH", as.integer(outcome == "Poor") ~ wfns + s100b + ndka + age))
out <- sapply(names(models), function(name) {
  m <- models[[name]]; frame <- model.frame(m[[2]], table(m[[1]])); x <- model.matrix(m[[2]], frame)
  y <- as.numeric(model.response(frame)); n <- length(y); one <- rep(1, n)
  plain <- fit(x, y, weights = one)
  whole <- glm(y ~ x - 1, family = binomial, control = tight)
  # glm keeps the weights of the step before its last: started at its end, they are those there
  whole <- glm(y ~ x - 1, family = binomial, control = tight, start = coef(whole))
  first <- firth(x, y)
  big <- cbind(rbind(x, x, x), rep(0:1, c(n, 2 * n)))
  outcome <- c(y, y, 1 - y); weight <- c(one, first$h / 2, first$h / 2)
  flac <- fit(big, outcome, weights = weight)
  flac <- fit(big, outcome, weights = weight, start = flac$coefficients)
  se <- sqrt(diag(chol2inv(flac$qr$qr[1:ncol(big), 1:ncol(big)])))
  ci <- limits(big, outcome, weight, flac, seq_len(ncol(x))); pci <- limits(x, y, one, plain, seq_len(ncol(x)))
  row(name = name, data = paste0('"', m[[1]], '"'), n = n, firth_coef = number(first$coef), flac_coef = number(flac$coefficients[seq_len(ncol(x))]),
      flac_se = number(se[seq_len(ncol(x))]), flac_low = number(ci[, 1]), flac_high = number(ci[, 2]),
      profile_low = number(pci[, 1]), profile_high = number(pci[, 2]),
      leverage = number(hatvalues(whole)), pearson = number(residuals(whole, "pearson")),
      deviance = number(residuals(whole, "deviance")), cook = number(cooks.distance(whole)))
})
cat("{", paste(out, collapse = ",\n"), "}\n", sep = "")
