# ---- the table, all cells as text ----------------------------------------------------------------
NOT_THERE <- c("", ".", "-", "--", "\u2013", "\u2014", "na", "n/a", "n.a.", "nan", "<na>", "null", "missing")
read_sheet <- function(file) {
  if (!file.exists(file))
    stop("there is no file ", file, ": give its name as the first argument of this program")
  if (!grepl("\\.(csv|tsv|txt)$", file, ignore.case = TRUE))
    stop("save the sheet as CSV (UTF-8) first, and give the name of that file")
  # marked as UTF-8, so that other letters are read in any locale
  lines <- readLines(file, warn = FALSE, encoding = "UTF-8")
  lines[1] <- sub("^\xef\xbb\xbf", "", lines[1], useBytes = TRUE)
  Encoding(lines) <- "UTF-8"
  among <- c(",", ";", "\t", "|")
  counts <- sapply(among, function(sep)
    lengths(regmatches(lines[1], gregexpr(sep, lines[1], fixed = TRUE))))
  sheet <- read.table(text = lines, header = TRUE, sep = among[which.max(counts)], quote = "\"",
    comment.char = "", colClasses = "character", check.names = FALSE, na.strings = NULL,
    fill = TRUE, strip.white = TRUE, encoding = "UTF-8")
  sheet[] <- lapply(sheet, trimws)
  sheet[rowSums(sheet != "") > 0, , drop = FALSE]
}
cells <- function(sheet, name) {
  if (!name %in% names(sheet)) stop("the table has no column '", name, "'")
  found <- sheet[[name]]
  found[tolower(found) %in% NOT_THERE] <- NA
  found
}
# a column of numbers; "<x" and ">x" stand at x, words by the coding of the plan
numbers <- function(sheet, name, factor = 1, coding = NULL, decimal = NULL) {
  text <- cells(sheet, name)
  if (!is.null(coding)) {
    names(coding) <- tolower(names(coding))
    known <- match(tolower(text), names(coding))
    text <- ifelse(is.na(known), text, sprintf("%.17g", coding[known]))
  }
  text <- gsub("^[<>]=?\\s*", "", gsub("\\s", "", text))
  comma <- grepl(",", text, fixed = TRUE)
  if (any(comma, na.rm = TRUE) && !identical(decimal, ".")) text <- sub(",", ".", text, fixed = TRUE)
  lower <- tolower(text)
  text <- ifelse(lower %in% "true", "1", ifelse(lower %in% "false", "0", text))
  value <- suppressWarnings(as.numeric(text))
  bad <- sum(is.na(value) & !is.na(text))
  if (bad) stop("column '", name, "': ", bad, " cells are not numbers")
  if (factor == 1) value else signif(value * factor, 15)
}
# one spelling a value: 1, 1.0 and true are the same word
word <- function(text) {
  text <- trimws(as.character(text))
  lower <- tolower(text)
  text <- ifelse(lower %in% "true", "1", ifelse(lower %in% "false", "0", text))
  number <- suppressWarnings(as.numeric(sub(",", ".", text, fixed = TRUE)))
  ifelse(is.na(number), text, sprintf("%.15g", number))
}
words_of <- function(sheet, name) {
  text <- cells(sheet, name)
  ifelse(is.na(text), NA, word(text))
}
# 1 for the values that mean "yes", 0 for every other value, NA where there is none
is_value <- function(sheet, name, wanted) {
  text <- cells(sheet, name)
  ifelse(is.na(text), NA, as.numeric(word(text) %in% word(wanted)))
}
# quotients as of the digits written: a tie stays a tie
ratio <- function(above, below, zero) {
  if (zero == "refuse" && any(below == 0, na.rm = TRUE)) stop("a denominator of a ratio is zero")
  if (!zero %in% c("refuse", "missing")) below <- pmax(below, as.numeric(zero))
  below[!is.na(below) & below <= 0] <- NA
  signif(above / below, 14)
}
flow <- list(patients = integer(), events = integer())  # after each step
step <- function(kept, event) {
  flow$patients <<- c(flow$patients, sum(kept))
  flow$events <<- c(flow$events, sum(event[kept] == 1, na.rm = TRUE))
}
tell_flow <- function() {
  lost <- lapply(flow, function(counts) c(0, -diff(counts)))
  for (i in seq_along(flow$patients))
    tell_fields(at_row("result.flow", i), list(patients = flow$patients[i], events = flow$events[i],
      excluded = lost$patients[i], excluded_events = lost$events[i]))
}
