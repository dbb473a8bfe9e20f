# ---- Fine and Gray's regression: risk sets with weights for censoring, Breslow's ties ------------
# rows: a line for each time of the event, a column for each patient. Who had another event stays,
# weighted by the Kaplan-Meier curve of censoring just before (cmprsk::crr and survival::finegray)
fine_gray_sets <- function(rows) {
  t <- time[rows]
  e <- event[rows]
  gone <- survfit(Surv(t, e == 0) ~ 1)
  free <- function(at) c(1, gone$surv)[findInterval(at, gone$time, left.open = TRUE) + 1]
  moments <- sort(unique(t[e == 1]))
  weight <- outer(moments, t, function(at, own) as.numeric(own >= at))
  other <- which(e > 1)
  weight[, other] <- pmin(1, outer(free(moments), 1 / free(t[other])))
  list(time = moments, deaths = as.vector(table(factor(t[e == 1], moments))), weight = weight,
    dying = which(e == 1))
}
# log-likelihood (weighted, so it is none), and the jumps of the baseline by the horizon
fine_gray_sums <- function(sets, lp) {
  middle <- mean(lp)
  at_risk <- drop(sets$weight %*% exp(lp - middle))
  early <- sets$time <= horizon
  list(value = sum(lp[sets$dying] - middle) - sum(sets$deaths * log(at_risk)),
    jumps = exp(-middle) / rep(at_risk[early], sets$deaths[early]))
}
fine_gray_fit <- function(sets, x) {
  x <- sweep(as.matrix(x), 2, colMeans(as.matrix(x)))
  beta <- numeric(ncol(x))
  pairs <- expand.grid(a = seq_along(beta), b = seq_along(beta))
  products <- x[, pairs$a, drop = FALSE] * x[, pairs$b, drop = FALSE]
  now <- fine_gray_sums(sets, drop(x %*% beta))$value
  for (round in 1:200) {
    risk <- exp(drop(x %*% beta))
    total <- drop(sets$weight %*% risk)
    means <- sets$weight %*% (x * risk) / total
    score <- colSums(x[sets$dying, , drop = FALSE]) - colSums(sets$deaths * means)
    squares <- colSums(sets$deaths * (sets$weight %*% (products * risk) / total))
    step <- solve(matrix(squares, length(beta)) - crossprod(means * sqrt(sets$deaths)), score)
    for (halving in 1:30) {
      then <- fine_gray_sums(sets, drop(x %*% (beta + step)))$value
      if (is.finite(then) && then >= now - 1e-10) break
      step <- step / 2
    }
    beta <- beta + step
    now <- then
    if (max(abs(step)) < 1e-12) break
  }
  beta
}
# its robust covariance
fine_gray_covariance <- function(x, rows)
  cmprsk::crr(time[rows], event[rows], as.matrix(x), failcode = 1, cencode = 0, gtol = 1e-10, maxiter = 100)$var
