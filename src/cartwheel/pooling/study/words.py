"""The field's words for columns and measures: folded, without spaces and punctuation."""

from __future__ import annotations

from collections.abc import Mapping


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# measure -> its names, as headers and as cells of a column 'measure'
MEASURE_WORDS: Mapping[str, tuple[str, ...]] = {
    "HR": _words("hr hazardratio hazardsratio hazardratios shr subdistributionhr csh"),
    "OR": _words("or oddsratio oddsratios"),
    "RR": _words("rr riskratio relativerisk riskratios"),
    "RD": _words("rd riskdifference absoluteriskdifference ard"),
    "IRR": _words("irr rateratio incidencerateratio"),
    "MD": _words("md meandifference wmd weightedmeandifference"),
    "SMD": _words("smd standardisedmeandifference standardizedmeandifference hedgesg"),
    "proportion": _words(
        "proportion proportions prevalence percent percentage pct % eventrate prop "
    ),
    "C": _words(
        "c cstatistic cstat cindex cstatistics auc auroc aucroc rocauc concordance "
        "concordanceindex harrellsc harrellc unosc"
    ),
    "OE": _words(
        "oe o:e o/e oeratio o:eratio o/eratio observedexpected observed:expected "
        "observed/expected observedexpectedratio observedtoexpected "
        "observedtoexpectedratio totaloe totalo:e"
    ),
    "slope": _words("slope calibrationslope calslope"),
}
# these may stand before the name of a ratio
ADJUSTED_WORDS = (
    "",
    *_words("a adj adjusted unadjusted crude multivariable univariable multivariate univariate"),
)
# role -> names of its column
ROLE_WORDS: Mapping[str, tuple[str, ...]] = {
    "study": _words(
        "study author authors firstauthor trial label studlab slab studyid studyname "
        "studylabel authoryear cohort cohortname paper"
    ),
    "year": _words("year publicationyear yearofpublication pubyear yr"),
    "group": _words("set group pool poolname"),
    "outcome": _words("outcome endpoint endpoints outcomename outcomemeasure"),
    "measure": _words(
        "measure effectmeasure effecttype measuretype sm effectsizetype estimatetype typeofeffect"
    ),
    "estimate": _words("estimate effect effectsize es pointestimate effectestimate ratio"),
    "low": _words(
        "low lower lcl lci lb ll lowerlimit lowerbound lowercl lowerci cilow cilower cilb "
        "cil lowci cilowerlimit cilowerbound conflow lowerconfidencelimit "
        "lowerconfidenceinterval llci cilo lowerlimitofci lo"
    ),
    "high": _words(
        "high upper ucl uci ub ul upperlimit upperbound uppercl upperci cihigh ciupper "
        "ciub ciu highci ciupperlimit ulci ciupperbound confhigh upperconfidencelimit "
        "upperconfidenceinterval cihi upperlimitofci hi"
    ),
    "interval": _words("ci confidenceinterval interval cirange confidencelimits cl"),
    "analysis_effect": _words(
        "yi te logestimate lnestimate logeffect coef coefficient beta regressioncoefficient"
    ),
    "analysis_std_error": _words(
        "sei sete seyi selogestimate selog seln secoef secoefficient sebeta coefse betase"
    ),
    "analysis_variance": _words("vi varianceyi"),
    "std_error": _words("se stderror standarderror stderr seestimate seofestimate"),
    "level": _words("cilevel confidencelevel conflevel"),
    "p": _words("p pvalue pval probability"),
    "n": _words(
        "n total totaln samplesize patients npatients size ni ntotal numberofpatients "
        "nopatients samplesizen participants nparticipants"
    ),
    "events": _words("events event nevents xi cases numberofevents deaths noevents"),
    "events_1": _words(
        "eventshigh ai events1 event1 e1 evente eventsexposed eventstreatment "
        "eventspositive eventsyes tpos eventsintervention eventse"
    ),
    "n_1": _words(
        "nhigh n1i n1 nexposed ne ntreatment npositive nyes totalhigh totalexposed "
        "patientshigh nintervention"
    ),
    "no_events_1": _words("bi tneg noeventshigh noneventshigh"),
    "events_0": _words(
        "eventslow events2 event2 events0 e0 e2 eventc cpos eventsunexposed eventscontrol "
        "eventsnegative eventsno eventsreference eventsc"
    ),
    "n_0": _words(
        "nlow n2i n2 n0 nunexposed nc ncontrol nnegative nno totallow totalunexposed "
        "patientslow nreference"
    ),
    "no_events_0": _words("di cneg noeventslow noneventslow"),
    "tp": _words("tp truepositive truepositives"),
    "fp": _words("fp falsepositive falsepositives"),
    "fn": _words("fn falsenegative falsenegatives"),
    "tn": _words("tn truenegative truenegatives"),
    "rate_events_1": _words("x1i x1"),
    "rate_events_0": _words("x2i x2"),
    "time_1": _words("t1i persontimehigh persontime1 personyearshigh personyears1"),
    "time_0": _words("t2i persontimelow persontime2 personyearslow personyears2"),
    "mean_1": _words("m1i mean1 meanhigh meanexposed meane"),
    "mean_0": _words("m2i mean2 mean0 meanlow meanunexposed meancontrol meanc"),
    "sd_1": _words("sd1i sd1 sdhigh sdexposed sde"),
    "sd_0": _words("sd2i sd2 sd0 sdlow sdunexposed sdcontrol sdc"),
    "log_rank": _words(
        "logrank logrankchisquare logrankchi2 logrankchisq chisq chi2 chisquare "
        "logrankstatistic logranktest"
    ),
    "log_rank_p": _words("logrankp logrankpvalue plogrank plogranktest"),
    "direction": _words("direction worse worsegroup whichisworse"),
    "o_minus_e": _words("ominuse observedminusexpected"),
    "log_rank_variance": _words(
        "v logrankv vominuse varianceominuse logrankvariance hypergeometricvariance"
    ),
    "median_1": _words("medianhigh median1 medianexposed mediansurvivalhigh"),
    "median_0": _words("medianlow median0 median2 medianunexposed mediansurvivallow"),
    "curve_1": _words("curvehigh curve1 curveexposed kmhigh kmcurvehigh"),
    "curve_0": _words("curvelow curve0 curve2 curveunexposed kmlow kmcurvelow"),
    "at_risk_1": _words("atriskhigh numbersatriskhigh atrisk1 riskhigh numberatriskhigh"),
    "at_risk_0": _words("atrisklow numbersatrisklow atrisk0 atrisk2 risklow numberatrisklow"),
    "observed": _words("observed o observedevents eventsobserved nobserved"),
    "expected": _words("expected expectedevents eventsexpected nexpected predictedevents"),
    "factor": _words("factor marker predictor exposure biomarker prognosticfactor variable"),
    "comparison": _words("comparison contrast versus comparator"),
    "cutoff": _words("cutoff cutpoint threshold cutoffvalue cut"),
    "cutoff_unit": _words("cutoffunit unit unitofcutoff cutunit"),
    "overlap": _words("overlapnote overlap sharedpatients overlaps"),
    "source": _words("source reference url citation doiorurl ref link"),
    "doi": _words("doi"),
    "pmid": _words("pmid pubmedid"),
    "cluster": _words("cluster clusterid"),
    "row_type": _words("rowtype typeofrow"),
    "simulated": _words("simulated"),
}
