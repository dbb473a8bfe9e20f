# ---- transforms and restricted cubic splines (Harrell's basis, knots at quantiles) ---------------
KNOTS <- list(rcs3 = c(.1, .5, .9), rcs4 = c(.05, .35, .65, .95), rcs5 = c(.05, .275, .5, .725, .95))
knots_of <- function(x, transform) {
  if (!transform %in% names(KNOTS)) return(NULL)
  knots <- unique(unname(quantile(x, KNOTS[[transform]], type = 7)))
  if (length(knots) < 3) NULL else knots
}
basis_at <- function(x, transform, knots) {
  if (transform == "log2") return(cbind(log2(x)))
  if (transform == "sqrt") return(cbind(sqrt(x)))
  if (is.null(knots)) return(cbind(x))
  unname(unclass(Hmisc::rcspline.eval(x, knots = knots, inclx = TRUE, norm = 2)))[, seq_len(length(knots) - 1), drop = FALSE]
}
