# Rscript make.R FOLDER_OF_REFERENCE_DATA > glmnet.json      (R 4.2.2, glmnet 4.1-6, survival 3.5-3)
# Paths and cross-validation of glmnet. Times are divided by 1000: glmnet adds 2.2e-14 to a censored
# time so that it comes after a death of the same time, which is lost in the rounding of a time
# above 256. "unscaled" shows what that does.
suppressMessages({library(glmnet); library(survival)})
folder <- commandArgs(TRUE)[1]
table <- function(name) read.csv(file.path(folder, paste0(name, ".csv")))
number <- function(v) paste0("[", paste(trimws(formatC(as.numeric(v), digits = 15, format = "g")), collapse = ", "), "]")
rows <- function(m) paste0("[", paste(apply(m, 1, number), collapse = ", "), "]")
row <- function(name, ...) { v <- list(...); paste0('"', name, '": {', paste0('"', names(v), '": ', v, collapse = ", "), "}") }
tight <- function(...) glmnet(..., thresh = 1e-22, maxit = 1e8)
assess <- function(name, data, x, y, family, alpha, lambda, foldid, ...) {
  fit <- cv.glmnet(x, y, family = family, alpha = alpha, lambda = lambda, foldid = foldid,
                   thresh = 1e-22, maxit = 1e8, ...)
  path <- tight(x, y, family = family, alpha = alpha, lambda = lambda)
  b <- as.matrix(coef(path))
  row(name = name, data = paste0('"', data, '"'), family = paste0('"', family, '"'), alpha = alpha, n = nrow(x),
      lambda = number(lambda), cvm = number(fit$cvm), cvsd = number(fit$cvsd),
      lambda_min = number(fit$lambda.min), lambda_1se = number(fit$lambda.1se),
      nonzero = number(fit$nzero), coef = rows(t(b)), dev_ratio = number(path$dev.ratio))
}
folds <- function(n, k) rep(seq_len(k), length.out = n)
out <- c()
g <- table("gbsg"); xg <- as.matrix(g[, c("age", "meno", "size", "grade", "nodes", "pgr", "er", "hormon")])
p <- table("pbc"); p <- p[complete.cases(p[, c("time", "status", "age", "edema", "bili", "albumin", "protime", "copper")]), ]
xp <- as.matrix(p[, c("age", "edema", "bili", "albumin", "protime", "copper")])
b <- table("birthwt"); xb <- as.matrix(b[, c("age", "lwt", "smoke", "ptl", "ht", "ui", "ftv")])
few <- function(most, least) most * (least / most)^((0:19) / 19)
for (alpha in c(1, 0.5, 0)) {
  shrink <- max(alpha, 0.05)
  yg <- Surv(g$rfstime / 1000, g$status); yp <- Surv(p$time / 1000, p$status == 2)
  out <- c(out, assess(paste0("gbsg_alpha", alpha), "gbsg", xg, yg, "cox", alpha, few(0.18 / shrink, 0.002 / shrink), folds(nrow(g), 10)))
  out <- c(out, assess(paste0("pbc_alpha", alpha), "pbc", xp, yp, "cox", alpha, few(0.5 / shrink, 0.005 / shrink), folds(nrow(p), 5)))
  out <- c(out, assess(paste0("birthwt_alpha", alpha), "birthwt", xb, b$low, "binomial", alpha, few(0.1 / shrink, 0.001 / shrink), folds(nrow(b), 7)))
}
out <- c(out, assess("gbsg_ungrouped", "gbsg", xg, Surv(g$rfstime / 1000, g$status), "cox", 1, few(0.18, 0.002), folds(nrow(g), 10), grouped = FALSE))
l <- c(0.05, 0.01, 0.003)
scaled <- tight(xg, Surv(g$rfstime / 1000, g$status), family = "cox", lambda = l)
raw <- tight(xg, Surv(g$rfstime, g$status), family = "cox", lambda = l)
out <- c(out, row("time_unit", data = '"gbsg"', lambda = number(l), scaled = rows(t(as.matrix(coef(scaled)))), unscaled = rows(t(as.matrix(coef(raw))))))
cat("{", paste(out, collapse = ",\n"), "}\n", sep = "")
