# ---- logistic regression: maximum likelihood, or Firth's penalised likelihood --------------------
tight <- glm.control(epsilon = 1e-14, maxit = 200)
# Newton's method for Firth's likelihood, so that no package is needed; logistf gives the same.
# 'held' are coefficients kept at 'at' while the others are fitted (1 is the intercept).
firth_fit <- function(x, y, held = integer(), at = numeric(), offset = numeric(length(y))) {
  x <- cbind(1, as.matrix(x))
  free <- setdiff(seq_len(ncol(x)), held)
  beta <- numeric(ncol(x))
  beta[1] <- qlogis((sum(y) + 0.5) / (length(y) + 1)) - mean(offset)
  beta[held] <- at
  state <- function(beta) {
    p <- plogis(drop(x %*% beta) + offset)
    w <- p * (1 - p)
    information <- crossprod(x * sqrt(w))
    list(p = p, w = w, information = information,
      value = sum(dbinom(y, 1, p, log = TRUE)) +
        0.5 * as.numeric(determinant(information)$modulus))
  }
  now <- state(beta)
  for (round in 1:500) {
    if (!length(free)) break
    root <- x * sqrt(now$w)
    leverage <- rowSums((root %*% solve(now$information)) * root)
    score <- drop(crossprod(x, y - now$p + leverage * (0.5 - now$p)))[free]
    step <- solve(now$information[free, free, drop = FALSE], score)
    step <- step * min(1, 5 / max(abs(step)))
    for (halving in 1:30) {
      next_beta <- beta
      next_beta[free] <- beta[free] + step
      then <- state(next_beta)
      if (is.finite(then$value) && then$value >= now$value - 1e-10) break
      step <- step / 2
    }
    beta <- next_beta
    now <- then
    if (max(abs(step)) < 1e-11) break
  }
  list(coefficients = beta, covariance = solve(now$information), value = now$value)
}
logistic_fit <- function(x, y, penalty, offset = numeric(length(y))) {
  x <- as.matrix(x)
  if (penalty != "firth") {
    fit <- suppressWarnings(glm.fit(cbind(1, x), y, family = binomial(), offset = offset, control = tight))
    separated <- any(abs(fit$linear.predictors) > 25) || !fit$converged
    if (!separated)
      return(list(coefficients = unname(fit$coefficients), covariance = chol2inv(fit$qr$qr[, , drop = FALSE]),
        value = -fit$deviance / 2, firth = FALSE))
    if (penalty == "none") stop("maximum likelihood has no answer")
  }
  c(firth_fit(x, y, offset = offset), firth = TRUE)
}
# where twice the fall of the penalised likelihood is the quantile of chi-square
firth_profile <- function(x, y, fit, place, level) {
  drop <- qchisq(level, 1) / 2
  fall <- function(b) fit$value - firth_fit(x, y, place, b)$value - drop
  middle <- fit$coefficients[place]
  error <- sqrt(fit$covariance[place, place])
  end <- function(side) {
    far <- middle + side * error
    for (i in 1:60) if (fall(far) > 0) break else far <- far + side * error
    uniroot(fall, sort(c(middle, far)), tol = 1e-12)$root
  }
  c(end(-1), end(1))
}
firth_test <- function(x, y, fit, places)
  2 * (fit$value - firth_fit(x, y, places, numeric(length(places)))$value)
