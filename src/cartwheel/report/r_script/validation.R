# ---- measures of a score 's' in the patients 'rows' ----------------------------------------------
# KIND, LEVEL, 'event' (0, 1, and 2 for another event), 'time' and 'horizon' are above
n <- length(event)
everyone <- seq_len(n)
z <- qnorm((1 + LEVEL) / 2)
ill <- function(rows) as.numeric(event[rows] == 1)
line_of <- function(risk) {
  if (any(is.na(risk)) || any(risk <= 0 | risk >= 1)) stop("a risk is missing, or exactly 0 or 1")
  if (KIND == "binary") qlogis(risk) else log(-log1p(-risk))
}
exact <- function(x, size) if (size == 0) NULL else c(x / size, binom.test(x, size, conf.level = LEVEL)$conf.int)
happened <- function(rows) if (KIND == "binary") ill(rows) else ill(rows) * (time[rows] <= horizon)
# risk by the horizon from the curve, with its limits and its standard error
from_curve <- function(rows) {
  if (KIND == "survival") {
    fit <- summary(survfit(Surv(time[rows], ill(rows)) ~ 1, conf.int = LEVEL, conf.type = "log"), times = horizon, extend = TRUE)
    return(c(1 - fit$surv, 1 - fit$upper, 1 - fit$lower, fit$std.err))
  }
  fit <- survfit(Surv(time[rows], factor(event[rows], 0:2)) ~ 1, conf.int = LEVEL)
  fit <- summary(fit, times = horizon, extend = TRUE)
  c(fit$pstate[2], fit$lower[2], fit$upper[2], fit$std.err[2])
}
observed_risk <- function(rows) {
  if (!length(rows)) return(NULL)
  count <- sum(happened(rows))
  if (KIND == "binary") return(exact(count, length(rows)))
  known <- time[rows] >= horizon | ill(rows) == 1
  if (!any(time[rows] >= horizon) && !all(known)) return(NULL)
  if (count == 0 || count == sum(known)) return(c(as.numeric(count > 0), exact(count, sum(known))[-1]))
  from_curve(rows)[1:3]
}
error_of_risk <- function(rows, observed)
  if (KIND == "binary") sqrt(observed * (1 - observed) / length(rows)) else from_curve(rows)[4]
weights_at <- function(rows) {
  found <- horizon_weights(time[rows], event[rows], horizon)
  case <- ifelse(event[rows] == 1, found$case, 0)
  list(case = case, control = found$control + found$case - case)
}
stands_for_all <- function(rows) {
  found <- weights_at(rows)
  sum(found$case + found$control) > (1 - 1e-9) * length(rows)
}
on_logit <- function(value, error) {
  if (!is.finite(error) || error <= 0 || value <= 0 || value >= 1) return(value)
  spread <- error / (value * (1 - value))
  c(value, plogis(qlogis(value) + c(-1, 1) * z * spread), spread)
}
wald <- function(value, error) c(value + c(0, -1, 1) * z * error, error)
# riskRegression takes risks, so a marker is brought between 0 and 1 by its ranks
between <- function(marker) matrix((rank(marker) - 0.5) / length(marker))
judged <- function(models, rows, metric, contrasts = FALSE) {
  data <- data.frame(t = time[rows], e = event[rows])
  formula <- if (KIND == "competing") Hist(t, e) ~ 1 else Surv(t, e) ~ 1
  riskRegression::Score(models, formula = formula, data = data, times = min(horizon, max(data$t)),
    metrics = metric, se.fit = TRUE, conf.int = TRUE, null.model = metric == "brier",
    contrasts = contrasts, cens.model = "km", cause = 1)
}
# another event leaves a patient at risk for ever in Wolbers' C
ranked_times <- function(rows) if (KIND == "competing")
  Surv(ifelse(event[rows] == 2, 1.5 * max(time[rows]) + 1, time[rows]), event[rows] == 1) else Surv(time[rows], event[rows] == 1)
uno <- function(marker, rows) {
  t <- time[rows]
  # as survC1: patients with an event are still at risk of censoring at that time
  gone <- survfit(Surv(t, event[rows] == 0) ~ 1)
  free <- c(1, gone$surv)[findInterval(t, gone$time, left.open = TRUE) + 1]
  weight <- ill(rows) * (t < horizon) / free^2
  above <- pairs <- 0
  for (i in which(weight > 0)) {
    later <- t > t[i]
    pairs <- pairs + weight[i] * sum(later)
    above <- above + weight[i] * (sum(marker[later] < marker[i]) + sum(marker[later] == marker[i]) / 2)
  }
  above / pairs
}
# value, limits and standard error on the measure's scale, as far as there are any
MEASURED <- list(
  auc = function(s, rows) {
    curve <- pROC::roc(ill(rows), s$marker, levels = 0:1, direction = "<", quiet = TRUE)
    on_logit(as.numeric(pROC::auc(curve)), sqrt(suppressWarnings(pROC::var(curve, method = "delong"))))
  },
  harrell_c = function(s, rows) {
    marker <- s$marker
    found <- concordance(ranked_times(rows) ~ marker, reverse = TRUE)
    on_logit(found$concordance, sqrt(found$var))
  },
  uno_c = function(s, rows) uno(s$marker, rows),
  auc_at_horizon = function(s, rows) {
    if (!stands_for_all(rows)) stop("nobody is followed beyond the horizon")
    found <- judged(list(m = between(s$marker)), rows, "auc")$AUC$score
    on_logit(found$AUC, found$se)
  },
  calibration_in_the_large = function(s, rows) {
    if (KIND == "binary") {
      offset <- line_of(s$risk)
      fit <- glm(ill(rows) ~ offset(offset), family = binomial(), control = tight)
      return(wald(coef(fit)[[1]], sqrt(vcov(fit)[1])))
    }
    o <- observed_risk(rows)[1]
    wald(log(-log(1 - o)) - log(-log(1 - mean(s$risk))), error_of_risk(rows, o) / ((1 - o) * -log(1 - o)))
  },
  calibration_slope = function(s, rows) {
    line <- line_of(s$risk)
    if (diff(range(line)) == 0) stop("all predictions are equal")
    if (KIND == "binary") {
      fit <- logistic_fit(line, ill(rows), "none")
      return(wald(fit$coefficients[2], sqrt(fit$covariance[2, 2])))
    }
    if (KIND == "survival") {
      fit <- cox_fit(line, time[rows], ill(rows))
      return(wald(fit$coefficients, sqrt(fit$covariance[1])))
    }
    fit <- cmprsk::crr(time[rows], event[rows], cbind(line), failcode = 1, cencode = 0, gtol = 1e-10, maxiter = 100)
    wald(fit$coef[[1]], sqrt(fit$var[1]))
  },
  observed_expected = function(s, rows) {
    o <- observed_risk(rows)
    ratio <- o / mean(s$risk)
    if (o[1] <= 0 || o[1] >= 1) return(ratio)
    error <- error_of_risk(rows, o[1]) / o[1]
    c(ratio[1] * exp(c(0, -1, 1) * z * error), error)
  },
  brier = function(s, rows) {
    if (KIND == "binary") {
      squared <- (ill(rows) - s$risk)^2
      found <- c(mean(squared), sd(squared) / sqrt(length(rows)))
    } else {
      if (!stands_for_all(rows)) stop("nobody is followed beyond the horizon")
      table <- judged(list(m = matrix(s$risk)), rows, "brier")$Brier$score
      found <- c(table$Brier[2], table$se[2])
    }
    c(found[1], max(0, found[1] - z * found[2]), min(1, found[1] + z * found[2]), found[2])
  },
  scaled_brier = function(s, rows) {
    if (KIND == "binary") return(1 - mean((ill(rows) - s$risk)^2) / (mean(ill(rows)) * (1 - mean(ill(rows)))))
    table <- judged(list(m = matrix(s$risk)), rows, "brier")$Brier$score
    1 - table$Brier[2] / table$Brier[1]
  })
tell_measure <- function(place, name, s, rows = everyone) {
  attempt(place, {
    one <- some(s, rows)
    found <- MEASURED[[name]](one, rows)
    if (!grepl("calibration|observed|brier", name) && diff(range(one$marker)) == 0) found <- 0.5
    tell_estimate(paste0(place, ".estimate"), found[seq_len(min(3, length(found)))])
    if (length(found) == 4) tell(paste0(place, ".std_error"), found[4])
  })
}
tell_area <- function(place, name, s)
  attempt(place, tell_estimate(place, if (diff(range(s$marker)) == 0) 0.5 else head(MEASURED[[name]](s, everyone), 3)))
core <- function(s) c(switch(KIND, binary = "auc", survival = "harrell_c", competing = "auc_at_horizon"),
  if (s$predicts != "value") c("observed_expected", "calibration_slope"))
tell_score_in_group <- function(place, i, s, rows) {
  names <- core(s)
  for (j in seq_along(names))
    tell_measure(at_row(paste0(at_row(paste0(place, ".scores"), i), ".measures"), j), names[j], s, rows)
}
tell_group <- function(place, rows) {
  tell_fields(place, list(patients = length(rows), events = sum(happened(rows))))
  for (i in seq_along(scores)) tell_score_in_group(place, i, scores[[i]], rows)
}
tell_value <- function(place, s) {
  quarter <- quantile(s$value, c(.5, .25, .75), type = 7, names = FALSE)
  tell_estimate(paste0(place, ".value"), quarter)
  if (s$predicts != "value") attempt(place, tell(paste0(place, ".linear_predictor_sd"), sd(line_of(s$risk))))
}
# ---- bands ---------------------------------------------------------------------------------------
# observed minus published: Newcombe's interval of two proportions, else limits squared and added
tell_difference <- function(place, observed, rows, published) {
  value <- observed[1] - published$value
  here <- observed[2:3]
  there <- rep(published$value, 2)
  if (KIND == "binary" && !is.null(published$n) && !is.null(published$events)) {
    here <- wilson(sum(ill(rows)), length(rows), LEVEL)[2:3]
    there <- wilson(published$events, published$n, LEVEL)[2:3]
    there <- c(min(there[1], published$value), max(there[2], published$value))
  } else if (!is.null(published$low) && !is.null(published$high) && identical(published$level, LEVEL)) {
    there <- c(published$low, published$high)
  }
  tell_estimate(place, c(value,
    value - sqrt((observed[1] - here[1])^2 + (there[2] - published$value)^2),
    value + sqrt((here[2] - observed[1])^2 + (published$value - there[1])^2)))
}
tell_bands <- function(place, s, published) {
  for (i in seq_along(s$bands)) {
    rows <- which(s$band %in% s$bands[i])
    here <- at_row(paste0(place, ".bands"), i)
    tell_fields(here, list(patients = length(rows), events = sum(happened(rows))))
    observed <- observed_risk(rows)
    tell_estimate(paste0(here, ".observed"), observed)
    if (s$predicts != "value" && length(rows)) tell(paste0(here, ".predicted"), mean(s$risk[rows]))
    if (length(observed) && length(published[[i]])) tell_difference(paste0(here, ".difference"), observed, rows, published[[i]])
  }
  attempt("tests of the bands", tell_band_tests(paste0(place, ".band_tests"), s))
}
tell_band_tests <- function(place, s) {
  rows <- which(s$band %in% s$bands)
  at <- match(s$band[rows], s$bands)
  filled <- length(unique(at))
  if (filled < 2) return()
  p <- function(statistic, df) list(statistic = statistic, df = df, p_value = pchisq(statistic, df, lower.tail = FALSE))
  if (KIND == "binary") {
    table <- table(ill(rows), at)
    first <- if (filled == 2) list(p_value = fisher.test(table)$p.value) else {
      test <- suppressWarnings(chisq.test(table, correct = FALSE))
      list(statistic = test$statistic, df = test$parameter, p_value = test$p.value)
    }
    trend <- length(rows) * cor(ill(rows), at)^2
  } else if (KIND == "survival") {
    first <- log_rank(time[rows], ill(rows), at)[1:3]
    trend <- log_rank_trend(time[rows], ill(rows), at)$statistic
  } else {
    test <- cmprsk::cuminc(time[rows], event[rows], at)$Tests["1", ]
    first <- p(test[["stat"]], test[["df"]])
    fit <- cmprsk::crr(time[rows], event[rows], cbind(at), failcode = 1, cencode = 0, gtol = 1e-10)
    trend <- (fit$coef^2 / fit$var)[1]
  }
  tell_fields(at_row(place, 1), first)
  if (filled > 2) tell_fields(at_row(place, 2), p(trend, 1))
}
# the score as a test, positive in some bands; with times only the shares, not their intervals
tell_edge <- function(place, s, positive) {
  used <- s$band %in% s$bands
  yes <- s$band %in% positive
  if (KIND == "binary") {
    y <- ill(everyone) == 1
    share <- function(name, among, hit) tell_estimate(paste0(place, ".", name), exact(sum(among & hit), sum(among)))
    share("sensitivity", used & y, yes)
    share("specificity", used & !y, !yes)
    share("ppv", used & yes, y)
    share("npv", used & !yes, !y)
    return(invisible())
  }
  if (!stands_for_all(everyone)) return(invisible())
  weight <- weights_at(everyone)
  case <- weight$case > 0
  control <- weight$control > 0
  share <- function(name, among, hit) {
    w <- (weight$case + weight$control)[among]
    if (length(w)) tell(paste0(place, ".", name, ".value"), sum(w[hit[among]]) / sum(w))
  }
  share("sensitivity", case & used, yes)
  share("specificity", control & used, !yes)
  share("ppv", (case | control) & used & yes, case)
  share("npv", (case | control) & used & !yes, control)
}
tell_curve <- function(place, rows, ticks) {
  if (KIND == "survival") {
    tell_fields(place, list(n = length(rows), events = sum(ill(rows))))
    tell_estimate(paste0(place, ".median"), median_time(time[rows], ill(rows), LEVEL))
    tell_estimate(paste0(place, ".at_horizon"), km_at(time[rows], ill(rows), horizon, LEVEL))
  } else {
    tell_fields(place, list(n = length(rows), events = sum(ill(rows)), competing = sum(event[rows] == 2)))
    tell_estimate(paste0(place, ".at_horizon"), observed_risk(rows))
  }
  tell_vector(paste0(place, ".at_risk"), sapply(ticks, function(t) sum(time[rows] >= t)))
}
# ---- calibration: groups of like predictions, and a restricted cubic spline with four knots ------
tell_plot_points <- function(place, s, groups) {
  risk <- round(s$risk, 12)
  levels <- sort(unique(risk))
  at <- if (length(levels) <= 10) match(risk, levels) else
    findInterval(risk, unique(quantile(risk, seq_len(groups - 1) / groups, type = 7)), left.open = TRUE)
  here <- sort(unique(at))
  for (i in seq_along(here)) {
    rows <- which(at == here[i])
    tell_fields(at_row(place, i), list(predicted = mean(s$risk[rows]), n = length(rows)))
    tell_estimate(paste0(at_row(place, i), ".observed"), observed_risk(rows))
  }
}
# 's' is the score in the patients 'rows'; observed risk of these, of 'at' and of one half
smoothed <- function(s, at = numeric(), rows = everyone) {
  line <- line_of(s$risk)
  knots <- unique(quantile(line, c(.05, .35, .65, .95), type = 7, names = FALSE))
  base <- function(x) basis_at(x, "none", if (length(knots) > 2) knots)
  x <- base(line)
  more <- rbind(x, base(line_of(c(at, 0.5))))
  if (KIND == "binary") {
    fit <- logistic_fit(x, ill(rows), "none")
    return(plogis(drop(cbind(1, more) %*% fit$coefficients)))
  }
  if (KIND == "survival") {
    fit <- cox_fit(x, time[rows], ill(rows))
    lp <- drop(x %*% fit$coefficients)
    middle <- mean(lp)
    hazard <- baseline_at(lp - middle, time[rows], ill(rows), horizon)
    return(-expm1(-hazard * exp(drop(more %*% fit$coefficients) - middle)))
  }
  sets <- fine_gray_sets(rows)
  beta <- fine_gray_fit(sets, x)
  hazard <- sum(fine_gray_sums(sets, drop(x %*% beta))$jumps)
  -expm1(-hazard * exp(drop(more %*% beta)))
}
distances <- function(s, rows = everyone) {
  rounded <- round(s$risk, 12)
  if (length(unique(rounded)) < 5) {
    observed <- numeric(length(rows))
    for (level in unique(rounded)) observed[rounded == level] <- observed_risk(rows[rounded == level])[1]
  } else observed <- smoothed(s, rows = rows)[seq_along(rows)]
  gap <- abs(observed - s$risk)
  c(ici = mean(gap), e50 = quantile(gap, .5, names = FALSE), e90 = quantile(gap, .9, names = FALSE))
}
tell_smooth <- function(place, s, at) {
  if (!length(at) || length(unique(round(s$risk, 12))) < 5) return(invisible())
  curve <- smoothed(s, at)[n + seq_along(at)]
  say(paste0(place, "[", seq_along(at) - 1, "][1]"), curve, "data")
}
# ---- two scores on the same patients -------------------------------------------------------------
tell_comparison <- function(place, measure, a, b) {
  paired <- function(value, error) {
    # two scores that rank all patients alike have no interval
    apart <- is.finite(error) && error > 1e-12
    tell_estimate(paste0(place, ".difference"), value + if (apart) c(0, -1, 1) * z * error else 0)
    if (apart) tell(paste0(place, ".p_value"), 2 * pnorm(-abs(value / error)))
  }
  if (measure == "auc") {
    curve <- function(s) pROC::roc(ill(everyone), s$marker, levels = 0:1, direction = "<", quiet = TRUE)
    test <- pROC::roc.test(curve(a), curve(b), paired = TRUE, method = "delong")
    value <- as.numeric(test$estimate[1] - test$estimate[2])
    paired(value, abs(value / as.numeric(test$statistic)))
  } else if (measure == "harrell_c") {
    as_model <- function(x) coxph(ranked_times(everyone) ~ x, init = 1, control = coxph.control(iter.max = 0))
    shrink <- function(x) rank(x) / n
    both <- concordance(as_model(shrink(a$marker)), as_model(shrink(b$marker)))
    contrast <- c(1, -1)
    paired(sum(contrast * coef(both)), sqrt(drop(contrast %*% vcov(both) %*% contrast)))
  } else if (measure == "uno_c") {
    tell(paste0(place, ".difference.value"), uno(a$marker, everyone) - uno(b$marker, everyone))
  } else if (measure == "brier" && KIND == "binary") {
    gain <- (ill(everyone) - a$risk)^2 - (ill(everyone) - b$risk)^2
    paired(mean(gain), sd(gain) / sqrt(n))
  } else if (measure %in% c("auc_at_horizon", "brier")) {
    area <- measure == "auc_at_horizon"
    models <- if (area) list(a = between(a$marker), b = between(b$marker)) else list(a = matrix(a$risk), b = matrix(b$risk))
    found <- judged(models, everyone, if (area) "auc" else "brier", TRUE)
    table <- as.data.frame(if (area) found$AUC$contrasts else found$Brier$contrasts)
    row <- table[table$model == "b" & table$reference == "a", ]
    paired(-row[[if (area) "delta.AUC" else "delta.Brier"]], row$se)
  } else {
    value <- if (measure == "ici") distances(a)[["ici"]] - distances(b)[["ici"]] else
      MEASURED[[measure]](a, everyone)[1] - MEASURED[[measure]](b, everyone)[1]
    tell(paste0(place, ".difference.value"), value)
  }
}
# ---- net benefit: true positives per patient, less false positives weighted by the odds ----------
risk_among <- function(rows) {
  if (!length(rows)) return(0)
  if (KIND == "binary") return(mean(ill(rows)))
  # as dcurves: nobody is followed so long, and somebody left without an event
  if (!any(time[rows] >= horizon) && any(event[rows] == 0)) return(NA)
  if (sum(happened(rows)) == 0) 0 else from_curve(rows)[1]
}
# 'risk' of the patients 'rows'; thresholds between the same two predictions make the same group
decision <- function(risk, thresholds, rows = everyone) {
  group <- findInterval(thresholds, sort(unique(risk)), left.open = TRUE)
  first <- which(!duplicated(group))
  found <- sapply(thresholds[first], function(t) {
    positive <- rows[risk >= t]
    c(length(positive) / length(rows), risk_among(positive))
  })[, match(group, group[first]), drop = FALSE]
  found[1, ] * (found[2, ] - (1 - found[2, ]) * thresholds / (1 - thresholds))
}
treat_all <- function(thresholds, rows = everyone) decision(rep(1, length(rows)), thresholds, rows)
# ---- groups of patients --------------------------------------------------------------------------
group_rows <- function(words, group) if (group %in% words) which(words %in% group) else which(is.na(words))
tell_interaction <- function(place, s, groups) {
  score <- if (s$predicts == "value") s$marker else tryCatch(line_of(s$risk), error = function(e) s$marker)
  groups <- groups[sapply(groups, function(rows) length(rows) > 0 && diff(range(score[rows])) > 0)]
  rows <- unlist(groups)
  x <- score[rows]
  x <- (x - mean(x)) / sd(x)
  g <- factor(rep(seq_along(groups), lengths(groups)))
  fit <- function(columns) if (KIND == "binary") logistic_fit(columns, ill(rows), "none")$value else
    cox_fit(columns, time[rows], ill(rows))$value
  design <- function(formula) model.matrix(formula)[, -1, drop = FALSE]
  statistic <- max(0, 2 * (fit(design(~ x * g)) - fit(design(~ x + g))))
  df <- length(groups) - 1
  tell_fields(place, list(statistic = statistic, df = df, p_value = pchisq(statistic, df, lower.tail = FALSE)))
}
# intercept and slope estimated in 'rest', applied in everybody
recalibrated <- function(s, rest) {
  line <- line_of(s$risk)
  if (KIND == "binary") {
    fit <- logistic_fit(line[rest], ill(rest), "none")
    s$risk <- plogis(fit$coefficients[1] + fit$coefficients[2] * line)
  } else if (KIND == "survival") {
    fit <- cox_fit(line[rest], time[rest], ill(rest))
    hazard <- baseline_at(fit$coefficients * line[rest], time[rest], ill(rest), horizon)
    s$risk <- -expm1(-hazard * exp(fit$coefficients * line))
  } else {
    fit <- cmprsk::crr(time[rest], event[rest], cbind(line[rest]), failcode = 1, cencode = 0, gtol = 1e-10, maxiter = 100)
    curve <- predict(fit, cbind(line))
    s$risk <- as.numeric(curve[max(which(curve[, 1] <= horizon)), -1])
  }
  if (s$predicts == "risk") s$marker <- s$risk
  s
}
tell_updated <- function(place, own, rest) {
  tell_fields(place, list(patients = length(own), events = sum(happened(own))))
  with_risk <- Filter(function(s) s$predicts != "value", scores)
  for (i in seq_along(with_risk))
    attempt(place, tell_score_in_group(place, i, recalibrated(with_risk[[i]], rest), own))
}
# random effects over the groups told, on the scale of the standard error
tell_heterogeneity <- function(place, s, measure, groups) {
  scale <- switch(measure, observed_expected = "log", calibration_slope = "identity", "logit")
  found <- lapply(groups, function(rows) tryCatch(MEASURED[[measure]](some(s, rows), rows), error = function(e) NULL))
  found <- Filter(function(f) length(f) == 4 && is.finite(f[4]) && f[4] > 0, found)
  to <- switch(scale, log = log, logit = qlogis, identity)
  back <- switch(scale, log = exp, logit = plogis, identity)
  fit <- metafor::rma(sapply(found, function(f) to(f[1])), sei = sapply(found, `[`, 4), method = "REML", test = "knha",
    level = 100 * LEVEL, control = list(threshold = 1e-10, maxiter = 10000, tol = 1e-12))
  tell_estimate(paste0(place, ".pooled"), back(c(fit$beta[1], fit$ci.lb, fit$ci.ub)))
  ahead <- predict(fit)
  if (fit$k > 2) tell_fields(place, list(prediction_low = back(ahead$pi.lb), prediction_high = back(ahead$pi.ub)))
  tell_fields(place, list(k = fit$k, tau2 = fit$tau2, i2 = fit$I2, q = fit$QE, q_p_value = fit$QEp))
}
