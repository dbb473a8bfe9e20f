# Seconds of one call of an R peer: Rscript peers.R CASE DATA COLUMNS [RESAMPLES]
#
# DATA holds the columns named in COLUMNS (a,b,c) one after another as doubles. The first call is
# not counted unless it took ten seconds or more; then it is the only one.
arguments <- commandArgs(trailingOnly = TRUE)
columns <- strsplit(arguments[3], ",")[[1]]
count <- if (length(arguments) > 3) as.integer(arguments[4]) else 0L
numbers <- readBin(arguments[2], "double", file.size(arguments[2]) / 8)
data <- as.data.frame(matrix(numbers, ncol = length(columns), dimnames = list(NULL, columns)))
rm(numbers)
x <- grep("^x", columns, value = TRUE)
on <- function(outcome) as.formula(paste(outcome, "~", paste(x, collapse = " + ")))
need <- function(...) for (name in c(...)) suppressPackageStartupMessages(library(name, character.only = TRUE))
quiet <- function(value) {
  sink(nullfile())
  on.exit(sink())
  suppressMessages(suppressWarnings(value))
}

cases <- list(
  validate_cph = function() {
    need("rms")
    fit <- cph(on("Surv(time, event)"), data = data, x = TRUE, y = TRUE)
    function() quiet(validate(fit, B = count))
  },
  validate_lrm = function() {
    need("rms")
    fit <- lrm(on("event"), data = data, x = TRUE, y = TRUE)
    function() quiet(validate(fit, B = count))
  },
  cutpointr = function() {
    need("cutpointr")
    function() {
      quiet(cutpointr(data, x0, event,
        method = maximize_metric, metric = youden, pos_class = 1, direction = ">=",
        boot_runs = count
      ))
    }
  },
  maxstat = function() {
    need("survival", "maxstat")
    function() {
      maxstat.test(Surv(time, event) ~ x0,
        data = data, smethod = "LogRank", pmethod = "condMC", B = count
      )
    }
  },
  delong = function() {
    need("pROC")
    function() ci.auc(roc(data$event, data$x0, quiet = TRUE, direction = "<"), method = "delong")
  },
  concordance = function() {
    need("survival")
    function() concordance(Surv(time, event) ~ x0, data = data, reverse = TRUE)
  },
  survfit = function() {
    need("survival")
    function() survfit(Surv(time, event) ~ 1, data = data)
  },
  survdiff = function() {
    need("survival")
    function() survdiff(Surv(time, event) ~ group, data = data)
  },
  score = function() {
    need("survival", "riskRegression")
    function() {
      quiet(Score(list(score = data$x0),
        formula = Surv(time, event) ~ 1, data = data,
        times = c(180, 365, 540), metrics = "auc", conf.int = TRUE, null.model = FALSE
      ))
    }
  },
  logistf = function() {
    need("logistf")
    function() logistf(on("event"), data = data)
  },
  crr = function() {
    need("cmprsk")
    design <- as.matrix(data[, x])
    function() crr(data$time, data$cause, design, failcode = 1, cencode = 0)
  },
  finegray = function() {
    need("survival")
    state <- factor(data$cause, 0:2, c("censored", "event", "competing"))
    kept <- data.frame(time = data$time, state, data[, x], patient = seq_along(state))
    function() {
      long <- finegray(Surv(time, state) ~ ., data = kept, etype = "event")
      coxph(on("Surv(fgstart, fgstop, fgstatus)"), data = long, weights = fgwt, id = patient)
    }
  },
  rma = function() {
    need("metafor")
    function() rma(y, v, data = data, test = "knha")
  },
  leave1out = function() {
    need("metafor")
    fit <- rma(y, v, data = data, test = "knha")
    function() leave1out(fit)
  },
  rma_questions = function() {
    need("metafor")
    data$group <- rep(c("b", "a"), length.out = nrow(data))
    function() {
      fit <- rma(y, v, data = data, test = "knha")
      leave1out(fit)
      cumul(fit)
      influence(fit)
      pdf(NULL)
      baujat(fit)
      dev.off()
      rma(y, v, mods = ~x0, data = data, test = "knha")
      rma(y, v, mods = ~group, data = data, test = "knha")
      for (level in c("a", "b")) rma(y, v, data = data[data$group == level, ], test = "knha")
    }
  },
  rma_many = function() {
    need("metafor")
    drawn <- replicate(count, rnorm(nrow(data), 0.7, sqrt(data$v + 0.1)))
    function() for (i in seq_len(count)) rma(drawn[, i], data$v, test = "knha")
  },
  permutest = function() {
    need("metafor")
    fit <- rma(y, v, mods = ~x0, data = data, test = "knha")
    function() permutest(fit, iter = count, progbar = FALSE)
  },
  gosh = function() {
    need("metafor")
    fit <- rma(y, v, data = data, method = "EE")
    function() gosh(fit, progbar = FALSE)
  }
)

work <- cases[[arguments[1]]]()
set.seed(1)
elapsed <- function(times) system.time(for (i in seq_len(times)) work())[["elapsed"]] / times
first <- elapsed(1)
if (first < 10) {
  inner <- max(1, ceiling(0.2 / max(first, 0.001))) # the clock has milliseconds
  first <- median(replicate(if (first < 1) 5 else 3, elapsed(inner)))
}
cat(first, "\n")
