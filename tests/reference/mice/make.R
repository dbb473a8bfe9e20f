# Rscript make.R FOLDER_OF_REFERENCE_DATA > mice.json      (R 4.2.2, mice 3.15.0, glmnet 4.1-6)
# What chained equations give on average over many imputations, and D3, which is not in golden/.
suppressMessages({library(mice); library(glmnet)})
folder <- commandArgs(TRUE)[1]
table <- function(name) read.csv(file.path(folder, paste0(name, ".csv")))
number <- function(v) paste0("[", paste(formatC(as.numeric(v), digits = 15, format = "g"), collapse = ", "), "]")
row <- function(name, ...) { v <- list(...); paste0('"', name, '": {', paste0('"', names(v), '": ', v, collapse = ", "), "}") }

# mean and variance, over imputations, of the mean and sd of the imputed values of each column
spread <- function(imp, columns) {
  m <- sapply(columns, function(v) sapply(imp$imp[[v]], function(x) mean(as.numeric(as.character(x)))))
  s <- sapply(columns, function(v) sapply(imp$imp[[v]], function(x) sd(as.numeric(as.character(x)))))
  list(mean = number(colMeans(m)), mean_variance = number(apply(m, 2, var)),
       sd = number(colMeans(s)), sd_variance = number(apply(s, 2, var)))
}
fits <- function(imp, f) {
  q <- t(sapply(seq_len(imp$m), function(i) coef(f(complete(imp, i)))))
  list(coef = number(colMeans(q)), coef_variance = number(apply(q, 2, var)))
}
nh <- table("nhanes")
a <- mice(nh, m = 400, maxit = 10, seed = 1, printFlag = FALSE)
p <- table("pbc")
p <- data.frame(age = p$age, lbili = log(p$bili), albumin = p$albumin, chol = p$chol, copper = p$copper,
                platelet = p$platelet, hepato = factor(p$hepato), dead = as.integer(p$status == 2), time = log(p$time))
b <- mice(p, m = 200, maxit = 10, seed = 2, printFlag = FALSE)
part <- function(name, ...) do.call(row, c(list(name), ...))
cat("{", part("nhanes", list(m = 400), spread(a, c("bmi", "hyp", "chl")), fits(a, function(d) lm(chl ~ age + bmi, d))), ",\n")
cat(part("pbc", list(m = 200), spread(b, c("chol", "copper", "platelet", "hepato")),
         fits(b, function(d) glm(dead ~ age + lbili + chol + hepato, binomial, d))), ",\n")

long <- function(done, orig) {
  orig$imp <- 0; orig$id <- seq_len(nrow(orig)); d <- rbind(orig[, names(done)], done)
  names(d)[match(c("imp", "id"), names(d))] <- c(".imp", ".id"); as.mids(d)
}
p0 <- table("pbc"); p0$status <- as.integer(p0$status == 2)
ipb <- long(table("mi_pbc_completed"), p0); inh <- long(table("mi_nhanes_completed"), nh)
tight <- glm.control(epsilon = 1e-14, maxit = 50)
full <- with(ipb, glm(status ~ age + bili + chol + platelet, family = binomial, control = tight))
two <- with(ipb, glm(status ~ age + bili, family = binomial, control = tight))
one <- with(ipb, glm(status ~ age, family = binomial, control = tight))
cat('"D3": {"pbc_2": ', number(D3(full, two)$result), ', "pbc_3": ', number(D3(full, one)$result), ', "nhanes_lm": ',
    number(D3(with(inh, lm(chl ~ age + bmi + hyp)), with(inh, lm(chl ~ age)))$result), "},\n")

w <- table("birthwt"); x <- as.matrix(w[, c("age", "lwt", "smoke", "ht", "ui")])
ridge <- sapply(c(0.5, 0.05, 0.005), function(l) {
  f <- glmnet(x, w$low, family = "binomial", alpha = 0, lambda = l, thresh = 1e-24, maxit = 1e7)
  paste0('{"lambda": ', l, ', "coef": ', number(as.numeric(coef(f))), ', "deviance": ',
         number((1 - f$dev.ratio) * f$nulldev), "}")
})
cat('"ridge_birthwt": [', paste(ridge, collapse = ",\n"), "]}\n")
