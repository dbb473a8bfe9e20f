"""Names that a function of a score may not take from R or Python, whose own it would hide."""

from __future__ import annotations

import builtins
import keyword

# lower case, without a dot: what packages base and stats of R 4.2 export, and R's reserved words
_R_NAMES = """
abbreviate abs acf acos acosh add1 addmargins aggregate agrep agrepl alias alist all anova
any aov aperm append apply approx approxfun ar args arima arima0 array asin asinh asplit
assign atan atan2 atanh attach attr attributes autoload autoloader ave backsolve baseenv
basename beta bindtextdomain binomial biplot body bquote break browser builtins by bzfile c
call cancor capabilities casefold cat cbind ccf ceiling character charmatch chartr
check_tzones chol chol2inv choose class close cmdscale coef coefficients col colnames
comment complex confint conflicts contrasts contributors convolve cophenetic cor cos cosh
cospi cov cov2cor covratio cpgram crossprod cummax cummin cumprod cumsum cut cutree cycle
date dbeta dbinom dcauchy dchisq debug debugonce decompose deltat dendrapply density
deparse deparse1 deriv deriv3 det detach determinant deviance dexp df dfbeta dfbetas dffits
dgamma dgeom dget dhyper diag diff diffinv difftime digamma dim dimnames dir dirname dist
dlnorm dlogis dmultinom dnbinom dnorm double dpois dput drop drop1 droplevels dsignrank dt
dump dunif duplicated dweibull dwilcox eapply ecdf effects eigen embed emptyenv enc2native
enc2utf8 end enquote environment eval evalq exists exp expm1 expression factanal factor
factorial family fft fifo file filter fitted fivenum floor flush for force formals format
formula forwardsolve frequency ftable function gamma gaussian gc gcinfo gctorture
gctorture2 get get_all_vars get0 geterrmessage gettext gettextf getwd gl glm globalenv
gregexec gregexpr grep grepl grouping gsub gzcon gzfile hat hatvalues hclust heatmap iconv
iconvlist identical identity if ifelse influence inherits integer integrate interaction
interactive intersect invisible isa isatty isdebugged isoreg jitter julian kappa kernapply
kernel kmeans knots kronecker ksmooth l10n_info labels lag lapply lbeta lchoose length
lengths letters levels lfactorial lgamma library licence license line list list2env lm load
loadings local loess log log10 log1p log2 logb logical loglin lowess ls lsfit mad
mahalanobis makepredictcall manova mapply match matrix max mean median medpolish merge
message mget min missing mode monthplot months mtfrm mvfft names napredict naprint naresid
nargs nchar ncol next nextn ngettext nlevels nlm nlminb nls nobs noquote norm nrow nullfile
numeric numeric_version nzchar objects offset open optim optimise optimize options order
ordered outer pacf package_version pairlist parse paste paste0 pbeta pbinom pbirthday
pcauchy pchisq pcre_config pexp pf pgamma pgeom phyper pi pipe plclust plnorm plogis plot
pmatch pmax pmin pnbinom pnorm poisson poly polym polyroot power ppoints ppois ppr prcomp
predict preplot pretty princomp print prmatrix prod profile proj promax proportions
psigamma psignrank psmirnov pt ptukey punif pweibull pwilcox q qbeta qbinom qbirthday
qcauchy qchisq qexp qf qgamma qgeom qhyper qlnorm qlogis qnbinom qnorm qpois qqline qqnorm
qqplot qr qsignrank qsmirnov qt qtukey quantile quarters quasi quasibinomial quasipoisson
quit qunif quote qweibull qwilcox r2dtable range rank rapply raw rbeta rbind rbinom rcauchy
rchisq rcond readline reformulate regexec regexpr regmatches relevel remove reorder rep
rep_len repeat replace replicate replications require reshape resid residuals retracemem
return rev rexp rf rgamma rgeom rhyper rle rlnorm rlogis rm rmultinom rnbinom rnorm round
row rownames rowsum rpois rsignrank rsmirnov rstandard rstudent rt runif runmed rweibull
rwilcox sample sapply save scale scan screeplot sd search searchpaths seek seq seq_along
seq_len sequence serialize setdiff setequal setwd sigma sign signif simplify2array simulate
sin single sinh sink sinpi smooth solve sort source spectrum spline splinefun split sprintf
sqrt srcfile srcfilealias srcfilecopy srcref start stderr stdin stdout step stepfun stl
stop stopifnot str2expression str2lang strftime strptime strrep strsplit strtoi strtrim
structure strwrap sub subset substitute substr substring sum summary supsmu svd sweep
switch symnum system system2 t table tabulate tan tanh tanpi tapply tcrossprod tempdir
tempfile termplot terms time toeplitz tolower topenv toupper trace traceback tracemem
transform trigamma trimws trunc truncate try ts tsdiag tsp typeof unclass undebug union
unique uniroot units unlink unlist unname unserialize unsplit untrace untracemem unz update
url vapply var varimax vcov vector version warning warnings weekdays weights which while
window with within write xor xtabs xtfrm xzfile zapsmall
"""
R_NAMES = frozenset(_R_NAMES.split())
# builtins of Python, and what an exported file names itself
PYTHON_NAMES = frozenset({*dir(builtins), *keyword.kwlist, "math", "check", "localcontext"})
