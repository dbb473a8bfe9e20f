# ---- cut-offs: every midpoint is tried, the lowest of equally good ones is kept ------------------
# x is turned so that high is adverse; what lies above the cut gets the point
best_cut <- function(x, method, min_fraction, case, control, scores) {
  values <- sort(unique(x))
  if (length(values) < 2) stop("no cut-off divides the patients")
  at <- factor(match(x, values), seq_along(values))
  total <- function(weight) cumsum(tapply(weight, at, sum, default = 0))
  n <- length(x)
  k <- total(rep(1, n))
  allowed <- k >= floor(n * min_fraction) & k <= floor(n * (1 - min_fraction)) & k < n
  if (method == "max_log_rank") {
    away <- scores - mean(scores)
    z <- -total(away) / sqrt(k * (n - k) / (n * (n - 1)) * sum(away^2))
    merit <- abs(z)
    statistic <- z
  } else {
    missed <- total(case) / sum(case)
    false_alarm <- 1 - total(control) / sum(control)
    if (method == "youden") {
      merit <- 1 - false_alarm - missed
      statistic <- merit
    } else {
      merit <- -(missed^2 + false_alarm^2)
      statistic <- -merit
    }
  }
  best <- NA
  for (i in which(allowed & is.finite(merit)))
    if (is.na(best) || merit[i] > merit[best] + 1e-12 * max(1, abs(merit[best]))) best <- i
  if (is.na(best)) stop("no cut-off divides the patients")
  list(below = values[best], above = values[best + 1], statistic = statistic[[best]],
    cut = (values[best] + values[best + 1]) / 2)
}
# how often chance alone finds as good a cut-off: patients are shuffled, the cut-off is searched
# again, and its squared rank statistic is compared; p and its Monte-Carlo error
permuted_p <- function(x, method, min_fraction, weights, times) {
  n <- length(x)
  order <- order(x)
  ends <- which(diff(x[order]) > 0)
  sizes <- ends[ends >= floor(n * min_fraction) & ends <= floor(n * (1 - min_fraction))]
  away <- weights$scores - mean(weights$scores)
  precision <- n * (n - 1) / (sizes * (n - sizes) * sum(away^2))
  best <- function(rows) {
    squares <- cumsum(away[rows])[sizes]^2 * precision
    if (method == "max_log_rank") return(max(squares))
    missed <- cumsum(weights$case[rows])[sizes] / sum(weights$case)
    true_negative <- cumsum(weights$control[rows])[sizes] / sum(weights$control)
    merit <- if (method == "youden") true_negative - missed else -(missed^2 + (1 - true_negative)^2)
    squares[which(merit >= max(merit) - 1e-12)[1]]
  }
  observed <- best(order)
  reached <- sum(replicate(times, best(sample.int(n))) >= observed - 1e-12 * max(1, observed))
  c((1 + reached) / (1 + times), share_error(reached, times))
}
# the number with the fewest digits strictly between two values
shortest_between <- function(low, high, near) {
  for (digits in 1:14) {
    short <- as.numeric(sprintf("%.*g", digits, near))
    if (low < short && short < high) return(short)
  }
  near
}
log_rank_scores <- function(time, event) {
  n <- length(time)
  part <- event / (n - rank(time, ties.method = "max") + 1)
  moments <- sort(unique(time))
  sums <- cumsum(tapply(part, factor(match(time, moments), seq_along(moments)), sum, default = 0))
  event - sums[match(time, moments)]
}
# what a search needs of the outcome in the patients drawn
search_weights <- function(rows) {
  if (KIND == "binary") {
    y <- event[rows]
    return(list(case = y, control = 1 - y, scores = y))
  }
  c(horizon_weights(time[rows], event[rows], horizon),
    list(scores = log_rank_scores(time[rows], event[rows])))
}
turn <- function(item) if (identical(item$direction, "high")) 1 else -1
find_cut <- function(item, rows, weights) {
  if (item$cutoff == "fixed") return(list(cut = item$at))
  found <- best_cut(turn(item) * item$x[rows], item$cutoff, MIN_FRACTION, weights$case,
    weights$control, weights$scores)
  found$cut <- turn(item) * found$cut
  found
}
# on all patients the number that is printed is the number that is used
settled_cut <- function(item, weights) {
  found <- find_cut(item, seq_along(item$x), weights)
  if (item$cutoff == "fixed") return(found)
  ends <- sort(turn(item) * c(found$below, found$above))
  list(cut = shortest_between(ends[1], ends[2], found$cut), gap_low = ends[1], gap_high = ends[2],
    statistic = found$statistic)
}
point <- function(item, cut) {
  x <- turn(item) * item$x
  as.numeric(if (item$strict) x > turn(item) * cut else x >= turn(item) * cut)
}
