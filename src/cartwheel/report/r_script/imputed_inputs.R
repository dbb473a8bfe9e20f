# ---- missing inputs of the scores imputed, beside complete cases ---------------------------------
# 'table': for each column of the cohort its scale and the inputs that read it; 'inputs', 'complete'
# and 'scores': of each score, of the patients that may be imputed
first_use <- function(column, inputs) {
  use <- column$uses[[1]]
  if (is.null(use)) column$x else inputs[[use[[1]]]][[use[[2]]]]
}
scale_in <- function(column, x) {
  known <- known_of(x)
  if (is.character(x) && length(known) <= 20 || length(known) == 2) return("class")
  if (column$skewed && length(known) && known[1] > 0) "log2" else "none"
}
complete_inputs <- function(table, inputs, rows, copies) {
  columns <- lapply(table, function(column) {
    x <- first_use(column, inputs)
    list(x = x, scale = scale_in(column, x))
  })
  vary <- sapply(columns, function(column) anyNA(column$x) || length(known_of(column$x)) > 1)
  done <- chained(columns[vary], rows, copies, ROUNDS)
  lapply(done, function(copy) {
    for (i in seq_along(copy)) for (use in table[vary][[i]]$uses) {
      # another score may read the same column in another unit
      own <- inputs[[use[[1]]]][[use[[2]]]]
      inputs[[use[[1]]]][[use[[2]]]] <- ifelse(is.na(own), own[match(copy[[i]], columns[vary][[i]]$x)], own)
    }
    inputs
  })
}
score_copy <- function(copy, scores, complete) Map(function(score, inputs, again) {
  gaps <- which(!score$scored)
  if (!length(gaps)) return(score)
  found <- again(lapply(inputs, `[`, gaps))
  for (part in c("value", "risk", "band", "marker", "scored")) score[[part]][gaps] <- found[[part]]
  score
}, scores, copy, complete)
# patients whom a score refuses even when completed are left out, and the others imputed again
impute_scores <- function(table, inputs, complete, scores, keep) {
  repeat {
    use_patients(keep)
    at <- which(keep)
    own_table <- lapply(table, function(column) { column$x <- column$x[at]; column })
    own_inputs <- lapply(inputs, function(of) lapply(of, `[`, at))
    own_scores <- lapply(scores, some, at)
    copies <- complete_inputs(own_table, own_inputs, everyone, COPIES)
    found <- lapply(copies, score_copy, own_scores, complete)
    scored <- lapply(found, function(copy) sapply(copy, `[[`, "scored"))
    sound <- Reduce(`&`, lapply(scored, function(s) rowSums(!s) == 0))
    ever <- rowSums(!Reduce(`|`, scored)) == 0
    if (all(sound)) return(list(found = found, table = own_table, inputs = own_inputs, scores = own_scores))
    keep[at[!(if (all(ever)) sound else ever)]] <- FALSE
  }
}
WHOLE <- NULL
use_patients <- function(keep) {
  event <<- WHOLE$event[keep]
  if (KIND != "binary") time <<- aeqSurv(Surv(WHOLE$time[keep], event > 0))[, 1]
  n <<- length(event)
  everyone <<- seq_len(n)
}
on_scale <- function(name, x) if (grepl("auc|_c$", name)) qlogis(x) else if (name == "observed_expected") log(x) else x
off_scale <- function(name, x) if (grepl("auc|_c$", name)) plogis(x) else if (name == "observed_expected") exp(x) else x
# value, limits and missing information of a measure pooled over copies: rows are value and error
pool_measure <- function(name, found, by_rubin) {
  placed <- on_scale(name, found[1, ])
  if (!all(is.finite(placed))) return(NULL)
  pooled <- if (all(is.finite(found[2, ]) & found[2, ] > 0)) rubin(placed, found[2, ]^2)
  ends <- if (is.null(pooled) || !by_rubin) c(NA, NA) else off_scale(name, mean(placed) + c(-1, 1) * pooled$reach)
  c(off_scale(name, mean(placed)), ends, sd(found[1, ]) / sqrt(ncol(found)), if (is.null(pooled)) NA else pooled$information)
}
# 'asked': score and name of each measure, in the order of the JSON
tell_imputed <- function(table, inputs, complete, scores, keep, asked, resamples) {
  place <- "result.imputation"
  set.seed(SEED)
  made <- impute_scores(table, inputs, complete, scores, keep)
  tell_fields(place, list(patients = n, events = sum(ill(everyone))))
  missing <- sapply(made$table, function(column) sum(is.na(first_use(column, made$inputs))))
  for (i in which(missing > 0)) if (!is.null(table[[i]]$row))
    tell_fields(at_row(paste0(place, ".inputs"), table[[i]]$row), list(missing = missing[i], percent = 100 * missing[i] / n))
  repeated <- if (resamples > 1) draw_imputed(made, complete, asked, resamples)
  for (i in seq_along(asked)) attempt(asked[[i]][[2]], {
    k <- asked[[i]][[1]]
    name <- asked[[i]][[2]]
    same <- all(made$scores[[k]]$scored)
    each <- function(copy) {
      got <- if (name %in% c("scaled_brier")) BARE[[name]](copy[[k]], everyone) else MEASURED[[name]](copy[[k]], everyone)
      c(got[1], if (length(got) == 4) got[4] else NA)
    }
    found <- if (same) matrix(each(made$found[[1]]), 2, COPIES) else sapply(made$found, each)
    tell_pooled(at_row(paste0(place, ".measures"), i), name, found, resamples, repeated[, i])
  })
}
tell_pooled <- function(here, name, found, resamples, draws) {
  value <- pool_measure(name, found, resamples < 2)
  if (is.null(value)) return(invisible())
  again <- replicate(50, pool_measure(name, found[, sample.int(ncol(found), replace = TRUE)], resamples < 2))
  error <- apply(again, 1, sd) * sqrt(ncol(found) / (ncol(found) - 1))
  tell_drawn(paste0(here, c(".imputed.value", ".imputed.low", ".imputed.high", ".monte_carlo_error", ".missing_information")), value, error)
  if (resamples < 2) return(invisible())
  spread <- on_scale(name, draws[is.finite(draws)])
  p <- c((1 - LEVEL) / 2, (1 + LEVEL) / 2)
  if (length(spread) < 40) return(invisible())
  ends <- off_scale(name, on_scale(name, value[1]) + quantile(spread, p, names = FALSE) - median(spread))
  slope <- if (length(draws) > 1) sd(draws, na.rm = TRUE) / sd(spread) else 1
  tell_drawn(paste0(here, c(".imputed.low", ".imputed.high")), ends,
    sqrt((slope * sapply(p, percentile_error, draws = spread))^2 + (slope * percentile_error(spread, 0.5))^2 + error[1]^2))
}
# everything imputed anew in each resample, from itself alone
draw_imputed <- function(made, complete, asked, resamples) {
  set.seed(SEED)
  one <- function() {
    rows <- sample.int(n, replace = TRUE)
    copies <- lapply(complete_inputs(made$table, made$inputs, rows, COPIES), score_copy, made$scores, complete)
    found <- sapply(copies, function(copy) sapply(asked, function(of) {
      s <- copy[[of[[1]]]]
      usable <- rows[s$scored[rows]]
      bare(of[[2]], some(s, usable), usable)
    }))
    rowMeans(matrix(found, nrow = length(asked)))
  }
  t(matrix(sapply(seq_len(resamples), function(b) tryCatch(one(), error = function(e) rep(NA, length(asked)))), nrow = length(asked)))
}
