# ---- what is printed: one line a number, under its place in the JSON result ----------------------
printed <- list(place = character(), value = character(), rests_on = character())
say <- function(place, values, rests_on) {
  values <- as.numeric(values)
  keep <- is.finite(values)
  printed$place <<- c(printed$place, place[keep])
  printed$value <<- c(printed$value, sprintf("%.15g", values[keep]))
  printed$rests_on <<- c(printed$rests_on, rep(rests_on, sum(keep)))
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
tell_drawn <- function(place, found) {
  ends <- if (length(found) == 1) "" else c(".value", ".low", ".high")[seq_along(found)]
  say(paste0(place, ends), found, "random numbers")
}
tell_vector <- function(place, values) {
  say(paste0(place, "[", seq_along(values) - 1, "]"), values, "data")
}
at_row <- function(place, row) paste0(place, "[", row - 1, "]")
finish <- function() write.csv(as.data.frame(printed), stdout(), row.names = FALSE, quote = FALSE)
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
