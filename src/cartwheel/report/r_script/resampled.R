# ---- patients drawn again: bare measures, and percentiles of what has no interval in closed form --
risk_of <- function(rows) if (KIND == "binary") mean(ill(rows)) else from_curve(rows)[1]
squared <- function(risk, rows) {
  if (KIND == "binary") return(mean((ill(rows) - risk)^2))
  if (!stands_for_all(rows)) stop("nobody is followed beyond the horizon")
  weight <- weights_at(rows)
  sum(weight$case * (1 - risk)^2 + weight$control * risk^2) / length(rows)
}
# values alone, as MEASURED gives them, without what an interval costs; 's' in the patients 'rows'
BARE <- list(
  auc = function(s, rows) weighted_area(s$marker, ill(rows), 1 - ill(rows)),
  harrell_c = function(s, rows) {
    marker <- s$marker
    concordance(ranked_times(rows) ~ marker, reverse = TRUE, influence = 0)$concordance
  },
  auc_at_horizon = function(s, rows) {
    if (!stands_for_all(rows)) stop("nobody is followed beyond the horizon")
    weight <- weights_at(rows)
    weighted_area(s$marker, weight$case, weight$control)
  },
  calibration_slope = function(s, rows) {
    if (KIND != "competing") return(MEASURED$calibration_slope(s, rows)[1])
    fine_gray_fit(fine_gray_sets(rows), cbind(line_of(s$risk)))
  },
  brier = function(s, rows) squared(s$risk, rows),
  scaled_brier = function(s, rows) 1 - squared(s$risk, rows) / squared(rep(risk_of(rows), length(rows)), rows),
  ici = function(s, rows) distances(s, rows)[["ici"]])
bare <- function(name, s, rows) {
  found <- tryCatch((if (is.null(BARE[[name]])) MEASURED else BARE)[[name]](s, rows)[1], error = function(e) NA)
  if (is.null(found)) NA else found
}
bare_measures <- function(names, s, rows) {
  s <- some(s, rows)
  sapply(names, bare, s, rows, USE.NAMES = FALSE)
}
# 'grids' are the predictions at which the curve of each score is read
draw_again <- function(scores, thresholds, grids) {
  if (B < 2) return(list())
  set.seed(SEED)
  one <- function() {
    rows <- sample.int(n, replace = TRUE)
    found <- lapply(seq_along(scores), function(i) {
      s <- some(scores[[i]], rows)
      grid <- grids[[i]]
      smooth <- tryCatch(c(distances(s, rows), if (length(grid)) smoothed(s, grid, rows)[length(rows) + seq_along(grid)]),
        error = function(e) rep(NA, 3 + length(grid)))
      list(distances = smooth[1:3], curve = smooth[-(1:3)], scaled_brier = bare("scaled_brier", s, rows),
        calibration_slope = bare("calibration_slope", s, rows),
        benefit = tryCatch(decision(s$risk, thresholds, rows), error = function(e) NA * thresholds))
    })
    list(scores = found, all = tryCatch(treat_all(thresholds, rows), error = function(e) NA * thresholds))
  }
  lapply(seq_len(B), function(b) one())
}
# of all resamples one number of one score; 'i' 0 is to treat all
drawn_of <- function(drawn, i, part, at = 1) sapply(drawn, function(d)
  if (i == 0) d$all[at] else d$scores[[i]][[part]][at])
