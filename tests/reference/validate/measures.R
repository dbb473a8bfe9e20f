# Rscript measures.R FOLDER_OF_TABLES > measures.json
# R 4.2.2, survival 3.5-3, pROC, riskRegression 2022.11.28, cmprsk 2.2-11, jsonlite
# Scores that nobody fitted, on public tables: risk = plogis(lp) or 1 - exp(-exp(lp)).
suppressMessages({library(survival); library(pROC); library(riskRegression); library(cmprsk)
  library(prodlim); library(jsonlite)})
from <- commandArgs(TRUE)[1]
read <- function(name) read.csv(file.path(from, paste0(name, ".csv")))
tight <- glm.control(epsilon = 1e-14, maxit = 200)
strict <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 100)
exact <- function(k, n) if (n == 0) NA else c(k / n, binom.test(k, n)$conf.int)
wald <- function(fit, i) c(coef(fit)[[i]], sqrt(diag(vcov(fit)))[[i]])

binary <- function(y, lp, value, cuts) {
  risk <- plogis(lp); band <- findInterval(value, cuts); top <- length(cuts)
  area <- function(x) { r <- roc(y, x, levels = 0:1, direction = "<", quiet = TRUE)
    c(as.numeric(auc(r)), sqrt(var(r, method = "delong"))) }
  table <- table(factor(y, 0:1), factor(band, 0:top))
  score <- Score(list(m = risk), y ~ 1, data.frame(y = y), metrics = "brier", se.fit = TRUE,
    null.model = TRUE)$Brier$score
  p <- mean(y)
  list(auc = area(risk), auc_value = area(value),
    large = wald(glm(y ~ offset(lp), binomial, control = tight), 1),
    slope = wald(glm(y ~ lp, binomial, control = tight), 2),
    ratio = c(sum(y) / sum(risk), sqrt((1 - p) / sum(y))),
    brier = c(score$Brier[2], score$se[2]), null = score$Brier[1],
    bands = lapply(0:top, function(b) exact(sum(y[band == b]), sum(band == b))),
    predicted = sapply(0:top, function(b) mean(risk[band == b])),
    chi = c(chisq.test(table, correct = FALSE)$statistic, chisq.test(table, correct = FALSE)$p.value),
    trend = c(prop.trend.test(table[2, ], colSums(table))$statistic),
    edges = lapply(seq_len(top), function(b) list(
      sensitivity = exact(sum(y == 1 & band >= b), sum(y == 1)),
      specificity = exact(sum(y == 0 & band < b), sum(y == 0)),
      ppv = exact(sum(y == 1 & band >= b), sum(band >= b)),
      npv = exact(sum(y == 0 & band < b), sum(band < b)))))
}

at <- function(fit, h) summary(fit, times = h, extend = TRUE)

surv <- function(time, event, lp, value, cuts, h) {
  risk <- 1 - exp(-exp(lp)); band <- findInterval(value, cuts); top <- length(cuts)
  d <- data.frame(time, event, lp, band)
  c_of <- function(x) { f <- concordance(Surv(time, event) ~ x, reverse = TRUE)
    c(f$concordance, sqrt(f$var)) }
  s <- Score(list(m = matrix(risk)), Surv(time, event) ~ 1, d, times = h, se.fit = TRUE,
    metrics = c("auc", "brier"), null.model = TRUE, cens.model = "km")
  km <- at(survfit(Surv(time, event) ~ 1, d), h)
  o <- 1 - km$surv
  test <- survdiff(Surv(time, event) ~ band, d)
  step <- sort(unique(band)); gap <- test$obs - test$exp
  list(c = c_of(risk), c_value = c_of(value),
    auc = c(s$AUC$score$AUC, s$AUC$score$se),
    brier = c(s$Brier$score$Brier[2], s$Brier$score$se[2]), null = s$Brier$score$Brier[1],
    slope = wald(coxph(Surv(time, event) ~ lp, d, control = strict), 1),
    ratio = c(o / mean(risk), km$std.err / o),
    large = c(log(-log(1 - o)) - log(-log(1 - mean(risk))), km$std.err / (km$surv * -log(km$surv))),
    bands = lapply(0:top, function(b) { k <- at(survfit(Surv(time, event) ~ 1, d[band == b, ]), h)
      c(1 - k$surv, 1 - k$upper, 1 - k$lower, sum(band == b), sum(event[band == b] == 1 & time[band == b] <= h)) }),
    predicted = sapply(0:top, function(b) mean(risk[band == b])),
    log_rank = c(test$chisq, length(step) - 1),
    trend = sum(step * gap)^2 / c(step %*% test$var %*% step))
}

competing <- function(time, cause, lp, value, cuts, h) {
  risk <- 1 - exp(-exp(lp)); band <- findInterval(value, cuts); top <- length(cuts)
  d <- data.frame(time, cause, lp, band)
  late <- max(time) + 1
  w <- concordance(Surv(ifelse(cause == 2, late, time), cause == 1) ~ risk, reverse = TRUE)
  s <- Score(list(m = matrix(risk)), Hist(time, cause) ~ 1, d, times = h, se.fit = TRUE, cause = 1,
    metrics = c("auc", "brier"), null.model = TRUE, cens.model = "km")
  aj <- function(rows) { f <- at(survfit(Surv(time, factor(cause, 0:2)) ~ 1, d[rows, ]), h)
    c(f$pstate[2], f$lower[2], f$upper[2], f$std.err[2]) }
  all <- aj(rep(TRUE, length(time)))
  fg <- crr(time, cause, cbind(lp), failcode = 1, cencode = 0, gtol = 1e-10)
  fgb <- crr(time, cause, cbind(band), failcode = 1, cencode = 0, gtol = 1e-10)
  gray <- cuminc(time, cause, band)$Tests["1", ]
  list(auc = c(s$AUC$score$AUC, s$AUC$score$se), wolbers = c(w$concordance, sqrt(w$var)),
    brier = c(s$Brier$score$Brier[2], s$Brier$score$se[2]), null = s$Brier$score$Brier[1],
    slope = c(fg$coef, sqrt(fg$var)), ratio = c(all[1] / mean(risk), all[4] / all[1]),
    bands = lapply(0:top, function(b) c(aj(band == b)[1:3], sum(band == b), sum(band == b & cause == 1 & time <= h))),
    predicted = sapply(0:top, function(b) mean(risk[band == b])),
    gray = unname(gray[c("stat", "df")]), fine_gray_trend = c(fgb$coef^2 / fgb$var))
}

a <- read("aSAH")
l <- read("lung"); g <- read("gbsg"); p <- read("pbc"); m <- read("mgus2")
m <- m[!is.na(m$mspike) & !is.na(m$hgb), ]
etime <- ifelse(m$pstat == 1, m$ptime, m$futime); cause <- ifelse(m$pstat == 1, 1, 2 * m$death)
# risks a rounding apart are ties: the predictors are rounded, so that both programs see the same
six <- function(x) round(x, 6)
# bands of lung by sex and age have ties only; those of gbsg one small band
out <- list(
  aSAH = binary(as.integer(a$outcome == "Poor"), six(-3.2 + 0.02 * a$age + 0.5 * as.integer(a$wfns)),
    as.integer(a$wfns), c(3, 5)),
  lung = surv(l$time, as.integer(l$status == 2), six(-0.6 + 0.02 * (l$age - 60) - 0.5 * (l$sex - 1)),
    l$age - 10 * l$sex, c(45, 60), 365),
  gbsg = surv(g$rfstime, g$status, six(-0.7 + 0.06 * g$nodes - 0.001 * g$pgr), g$nodes, c(3, 10, 25), 1095),
  pbc = surv(p$time, as.integer(p$status == 2), six(-1.5 + 0.8 * log(p$bili) - 0.5 * (p$albumin - 3.5)),
    p$bili, c(1.2, 3.5), 1825),
  mgus2 = competing(etime, cause, six(-3 + 0.7 * m$mspike - 0.1 * (m$hgb - 13)), m$mspike, c(0.8, 1.5, 2.5), 120))
cat(toJSON(out, digits = I(16), auto_unbox = TRUE, pretty = FALSE, na = "null"), "\n")
