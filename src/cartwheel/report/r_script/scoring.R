# ---- scores: one patient after the other, by the function of the score file ----------------------
# a word of a coded input, or the number that stands for it
coded_words <- function(sheet, name, coding) {
  text <- cells(sheet, name)
  number <- suppressWarnings(as.numeric(text))
  known <- match(tolower(text), tolower(names(coding)))
  ifelse(is.na(known), names(coding)[match(number, coding)], names(coding)[known])
}
# doubles are brought back to the digits that decimals have, so that ties are ties and a value at
# an edge is at the edge, near 0 too
tidy <- function(value, size) {
  unit <- 10^(floor(log10(size)) - 12)
  if (is.finite(unit) && unit > 0) round(value / unit) * unit else value
}
band_of <- function(value, bands) {
  for (band in bands) {
    above <- if (is.null(band$from)) TRUE else if (band$from_in) value >= band$from else value > band$from
    below <- if (is.null(band$to)) TRUE else if (band$to_in) value <= band$to else value < band$to
    if (above && below) return(band$name)
  }
  NA_character_
}
# a patient without a value, or with an impossible one, has no score
score_everyone <- function(fun, inputs, bands) {
  found <- lapply(seq_along(inputs[[1]]), function(i)
    tryCatch(do.call(fun, lapply(inputs, `[[`, i)), error = function(e) NULL))
  there <- function(f, x, none) if (is.null(f)) none else x(f)
  value <- sapply(found, there, function(f) signif(tidy(f$value, max(abs(c(f$value, f$parts)))), 14), NA_real_)
  risk <- sapply(found, there, function(f) f$risk, NA_real_)
  list(value = value, risk = risk[match(value, value)],
    band = sapply(value, function(v) if (is.na(v)) NA_character_ else band_of(v, bands)),
    parts = lapply(found, function(f) f$parts))
}
# what is ranked: a risk of the patient's own, else the value, turned so that high is adverse
finish_score <- function(found, name, predicts, high, bands, published) {
  if (predicts == "value") found$risk <- rep(NA_real_, length(found$value))
  if (predicts == "band risk") found$risk <- unname(published[found$band])
  found$marker <- if (predicts == "risk") found$risk else if (high) found$value else -found$value
  found$scored <- !is.na(found$marker)
  c(found, list(name = name, predicts = predicts, high = high, bands = bands))
}
some <- function(score, rows) {
  for (part in c("value", "risk", "band", "marker", "scored")) score[[part]] <- score[[part]][rows]
  score$parts <- score$parts[rows]
  score
}
