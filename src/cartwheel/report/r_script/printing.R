# ---- what is printed: one line a number, under its place in the JSON result ----------------------
# What rests on random numbers has its Monte-Carlo error beside it, and the number of cartwheel
printed <- list(place = character(), value = character(), rests_on = character(), mc_error = character())
digits <- function(values) ifelse(is.finite(values), sprintf("%.15g", values), "")
say <- function(place, values, rests_on, mc_error = NA) {
  values <- as.numeric(values)
  keep <- is.finite(values)
  printed$place <<- c(printed$place, place[keep])
  printed$value <<- c(printed$value, digits(values[keep]))
  printed$rests_on <<- c(printed$rests_on, rep(rests_on, sum(keep)))
  printed$mc_error <<- c(printed$mc_error, digits(rep_len(as.numeric(mc_error), length(values))[keep]))
}
tell <- function(place, value) {
  if (length(value)) say(place, value[[1]], "data")
}
# some fields of one row of a table: tell_fields("result.groups[0]", list(n = 3, events = 1))
tell_fields <- function(place, fields) {
  for (name in names(fields)) tell(paste0(place, ".", name), fields[[name]])
}
# an estimate: value and, where there is one, its interval
tell_estimate <- function(place, found) {
  if (length(found)) say(paste0(place, c(".value", ".low", ".high"))[seq_along(found)], found, "data")
}
tell_drawn <- function(place, value, error) say(place, value, "random numbers", error)
# a share of the draws, with one half added above and below so that 0 and all have an error too
share_error <- function(hits, draws) {
  p <- (hits + 0.5) / (draws + 1)
  sqrt(p * (1 - p) / draws)
}
tell_share <- function(place, hits, draws) tell_drawn(place, hits / draws, share_error(hits, draws))
# error of a percentile, the larger of two: as of normal draws, and a quarter of what lies between
# the percentiles two standard errors of their share away
percentile_error <- function(draws, p) {
  share <- sqrt(p * (1 - p) / length(draws))
  around <- quantile(draws, pmin(pmax(p + c(-2, 2) * share, 0), 1), names = FALSE)
  max(diff(around) / 4, sd(draws) * share / dnorm(qnorm(p)))
}
tell_percentiles <- function(place, draws, level, ends = c(".low", ".high")) {
  draws <- draws[is.finite(draws)]
  if (length(draws) < 2) return(invisible())
  p <- (1 + c(-1, 1) * level) / 2
  tell_drawn(paste0(place, ends), quantile(draws, p, names = FALSE), sapply(p, percentile_error, draws = draws))
}
tell_median <- function(place, draws) tell_drawn(place, median(draws), percentile_error(draws, 0.5))
# mean optimism; the median of a calibration measure where a few resamples run away with the mean
typical <- function(lost, ideal) {
  quarter <- quantile(lost, c(.25, .75))
  middle <- ideal && (mean(lost) < quarter[1] || mean(lost) > quarter[2])
  error <- sd(lost) / sqrt(length(lost))
  if (middle) c(median(lost), percentile_error(lost, 0.5)) else c(mean(lost), error)
}
# apparent minus optimism; interval around it by the spread in training, or of a calibration measure
# by the optimism of each resample
tell_corrected <- function(place, apparent, training, lost, ideal, share, more = 0) {
  there <- is.finite(training) & is.finite(lost)
  if (sum(there) < 2 || !is.finite(apparent)) return(invisible())
  lost <- lost[is.finite(lost)]
  found <- typical(lost, ideal)
  corrected <- apparent - found[1]
  error <- sqrt(found[2]^2 + more^2)
  tell_drawn(paste0(place, ".value"), corrected, error)
  spread <- if (ideal) apparent - lost else corrected + training[there] - mean(training[there])
  p <- (1 + c(-1, 1) * LEVEL) / 2
  ends <- quantile(spread, p, names = FALSE)
  if (share) ends <- pmin(pmax(ends, 0), 1)
  tell_drawn(paste0(place, c(".low", ".high")), ends,
    sqrt(sapply(p, percentile_error, draws = spread)^2 + error^2))
}
tell_vector <- function(place, values) {
  say(paste0(place, "[", seq_along(values) - 1, "]"), values, "data")
}
at_row <- function(place, row) paste0(place, "[", row - 1, "]")
finish <- function() {
  table <- as.data.frame(printed)
  ours <- unname(OURS[table$place])
  table$cartwheel <- ifelse(table$rests_on == "data" | is.na(ours), "", sprintf("%.15g", ours))
  write.csv(table, stdout(), row.names = FALSE, quote = FALSE)
}
# what cannot be computed in these patients is left out of the table, and said beside it
attempt <- function(what, expression) {
  tryCatch(expression, error = function(e) message("left out: ", what, ": ", conditionMessage(e)))
  invisible(NULL)
}
same <- function(a, b) length(a) == length(b) && all(a == b)
wald_ends <- function(value, error, level) value + c(0, -1, 1) * qnorm((1 + level) / 2) * error
wald_p <- function(value, error) pchisq((value / error)^2, 1, lower.tail = FALSE)
wilson <- function(x, n, level) {
  z <- qnorm((1 + level) / 2)
  middle <- (x + z^2 / 2) / (n + z^2)
  half <- z / (n + z^2) * sqrt(x * (n - x) / n + z^2 / 4)
  c(x / n, max(0, middle - half), min(1, middle + half))
}
