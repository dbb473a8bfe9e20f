# ---- chained equations by mice: matched donors for numbers, drawn classes for the rest -----------
has_mice <- function() {
  there <- requireNamespace("mice", quietly = TRUE)
  if (!there) message("left out: everything imputed: install.packages(\"mice\")")
  there
}
known_of <- function(x) sort(unique(x[!is.na(x)]))
nelson_aalen <- function(rows, cause = 1) {
  moments <- sort(unique(time[rows]))
  at <- factor(match(time[rows], moments), seq_along(moments))
  risk <- rev(cumsum(rev(as.vector(table(at)))))
  hazard <- cumsum(tapply(event[rows] == cause, at, sum, default = 0) / risk)
  c(0, hazard)[findInterval(time, moments) + 1]
}
# without the outcome imputed values would be too weakly related to it
outcome_columns <- function(rows) {
  if (KIND == "binary") return(data.frame(event = event))
  causes <- if (KIND == "survival") 1 else 1:2
  do.call(cbind, lapply(causes, function(cause)
    setNames(data.frame(as.numeric(event == cause), nelson_aalen(rows, cause)), paste0(c("event", "hazard"), cause))))
}
# columns: lists of 'x' (NA where missing) and 'scale' (class, log2, sqrt, none). 'rows' teach the
# models; who is not among them is completed and teaches nothing, and who is drawn twice has one
# imputed value in each copy. A list for each copy, of the completed columns
chained <- function(columns, rows, copies, rounds) {
  order <- c(rows, setdiff(everyone, rows))
  known <- lapply(columns, function(column) known_of(column$x))
  coded <- function(i, x) switch(columns[[i]]$scale, class = factor(match(x, known[[i]]), seq_along(known[[i]])),
    log2 = log2(x), sqrt = sqrt(x), x)
  table <- as.data.frame(lapply(seq_along(columns), function(i) coded(i, columns[[i]]$x)[order]))
  names(table) <- paste0("p", seq_along(columns))
  methods <- sapply(seq_along(columns), function(i) if (!anyNA(columns[[i]]$x)) "" else
    if (columns[[i]]$scale != "class") "pmm" else if (length(known[[i]]) == 2) "logreg" else "polyreg")
  outcome <- outcome_columns(rows)[order, , drop = FALSE]
  done <- suppressWarnings(mice::mice(cbind(table, outcome), m = copies, maxit = rounds, donors = 5,
    method = c(methods, rep("", ncol(outcome))), ignore = seq_along(order) > length(rows), printFlag = FALSE))
  lapply(seq_len(copies), function(copy) {
    full <- mice::complete(done, copy)
    lapply(seq_along(columns), function(i) {
      x <- columns[[i]]$x
      drawn <- known[[i]][match(full[[i]], coded(i, known[[i]]))]
      x[is.na(x)] <- drawn[match(which(is.na(x)), order)]
      x
    })
  })
}
# Rubin's rules with the degrees of freedom of Barnard and Rubin; of a large sample without 'complete'
rubin <- function(values, variances, complete = Inf) {
  m <- length(values)
  total <- mean(variances) + (1 + 1 / m) * var(values)
  share <- max((1 + 1 / m) * var(values) / total, 1e-4)
  df <- (m - 1) / share^2
  observed <- (complete + 1) / (complete + 3) * complete * (1 - share)
  if (is.finite(complete)) df <- df * observed / (df + observed)
  increase <- (1 + 1 / m) * var(values) / mean(variances)
  list(value = mean(values), error = sqrt(total), df = df, p = 2 * pt(-abs(mean(values)) / sqrt(total), df),
    reach = qt((1 + LEVEL) / 2, df) * sqrt(total), information = (increase + 2 / (df + 3)) / (increase + 1))
}
