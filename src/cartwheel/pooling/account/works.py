"""Works that the paragraphs cite; each reference was looked up, none is from memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# key -> how it is called in a sentence, and the reference
WORKS: Mapping[str, tuple[str, str]] = {
    "metafor": (
        "Viechtbauer 2010",
        "Viechtbauer W. Conducting meta-analyses in R with the metafor package. J Stat Softw "
        "2010;36(3):1-48. doi:10.18637/jss.v036.i03",
    ),
    "REML": (
        "Viechtbauer 2005",
        "Viechtbauer W. Bias and efficiency of meta-analytic variance estimators in the "
        "random-effects model. J Educ Behav Stat 2005;30(3):261-293. "
        "doi:10.3102/10769986030003261",
    ),
    "DL": (
        "DerSimonian and Laird 1986",
        "DerSimonian R, Laird N. Meta-analysis in clinical trials. Control Clin Trials "
        "1986;7(3):177-188. doi:10.1016/0197-2456(86)90046-2",
    ),
    "PM": (
        "Paule and Mandel 1982",
        "Paule RC, Mandel J. Consensus values and weighting factors. J Res Natl Bur Stand "
        "1982;87(5):377-385. doi:10.6028/jres.087.022",
    ),
    "SJ": (
        "Sidik and Jonkman 2005",
        "Sidik K, Jonkman JN. Simple heterogeneity variance estimation for meta-analysis. J R Stat "
        "Soc C 2005;54(2):367-384. doi:10.1111/j.1467-9876.2005.00489.x",
    ),
    "estimators": (
        "Veroniki 2016",
        "Veroniki AA, Jackson D, Viechtbauer W, et al. Methods to estimate the between-study "
        "variance and its uncertainty in meta-analysis. Res Synth Methods 2016;7(1):55-79. "
        "doi:10.1002/jrsm.1164",
    ),
    "knapp_hartung": (
        "Knapp and Hartung 2003",
        "Knapp G, Hartung J. Improved tests for a random effects meta-regression with a single "
        "covariate. Stat Med 2003;22(17):2693-2710. doi:10.1002/sim.1482",
    ),
    "inthout": (
        "IntHout 2014",
        "IntHout J, Ioannidis JPA, Borm GF. The Hartung-Knapp-Sidik-Jonkman method for random "
        "effects meta-analysis is straightforward and considerably outperforms the standard "
        "DerSimonian-Laird method. BMC Med Res Methodol 2014;14:25. doi:10.1186/1471-2288-14-25",
    ),
    "knapp_hartung_floor": (
        "Jackson 2017",
        "Jackson D, Law M, Rücker G, Schwarzer G. The Hartung-Knapp modification for "
        "random-effects meta-analysis: a useful refinement but are there any residual concerns? "
        "Stat Med 2017;36(25):3923-3934. doi:10.1002/sim.7411",
    ),
    "prediction": (
        "Higgins 2009",
        "Higgins JPT, Thompson SG, Spiegelhalter DJ. A re-evaluation of random-effects "
        "meta-analysis. J R Stat Soc A 2009;172(1):137-159. "
        "doi:10.1111/j.1467-985X.2008.00552.x",
    ),
    "riley": (
        "Riley 2011",
        "Riley RD, Higgins JPT, Deeks JJ. Interpretation of random effects meta-analyses. BMJ "
        "2011;342:d549. doi:10.1136/bmj.d549",
    ),
    "cochran": (
        "Cochran 1954",
        "Cochran WG. The combination of estimates from different experiments. Biometrics "
        "1954;10(1):101-129. doi:10.2307/3001666",
    ),
    "i2": (
        "Higgins and Thompson 2002",
        "Higgins JPT, Thompson SG. Quantifying heterogeneity in a meta-analysis. Stat Med "
        "2002;21(11):1539-1558. doi:10.1002/sim.1186",
    ),
    "q_profile": (
        "Viechtbauer 2007",
        "Viechtbauer W. Confidence intervals for the amount of heterogeneity in meta-analysis. "
        "Stat Med 2007;26(1):37-52. doi:10.1002/sim.2514",
    ),
    "tierney": (
        "Tierney 2007",
        "Tierney JF, Stewart LA, Ghersi D, Burdett S, Sydes MR. Practical methods for "
        "incorporating summary time-to-event data into meta-analysis. Trials 2007;8:16. "
        "doi:10.1186/1745-6215-8-16",
    ),
    "parmar": (
        "Parmar 1998",
        "Parmar MKB, Torri V, Stewart L. Extracting summary statistics to perform meta-analyses of "
        "the published literature for survival endpoints. Stat Med 1998;17(24):2815-2834. "
        "doi:10.1002/(SICI)1097-0258(19981230)17:24<2815::AID-SIM110>3.0.CO;2-8",
    ),
    "guyot": (
        "Guyot 2012",
        "Guyot P, Ades AE, Ouwens MJNM, Welton NJ. Enhanced secondary analysis of survival data: "
        "reconstructing the data from published Kaplan-Meier survival curves. BMC Med Res Methodol "
        "2012;12:9. doi:10.1186/1471-2288-12-9",
    ),
    "debray": (
        "Debray 2017",
        "Debray TPA, Damen JAAG, Snell KIE, et al. A guide to systematic review and meta-analysis "
        "of prediction model performance. BMJ 2017;356:i6460. doi:10.1136/bmj.i6460",
    ),
    "snell": (
        "Snell 2018",
        "Snell KIE, Ensor J, Debray TPA, Moons KGM, Riley RD. Meta-analysis of prediction model "
        "performance across multiple studies: which scale helps ensure between-study normality for "
        "the C-statistic and calibration measures? Stat Methods Med Res 2018;27(11):3505-3522. "
        "doi:10.1177/0962280217705678",
    ),
    "newcombe": (
        "Newcombe 2006",
        "Newcombe RG. Confidence intervals for an effect size measure based on the Mann-Whitney "
        "statistic. Part 2: asymptotic methods and evaluation. Stat Med 2006;25(4):559-573. "
        "doi:10.1002/sim.2324",
    ),
    "hedges": (
        "Hedges 1981",
        "Hedges LV. Distribution theory for Glass's estimator of effect size and related "
        "estimators. J Educ Stat 1981;6(2):107-128. doi:10.3102/10769986006002107",
    ),
    "zero_cells": (
        "Sweeting 2004",
        "Sweeting MJ, Sutton AJ, Lambert PC. What to add to nothing? Use and avoidance of "
        "continuity corrections in meta-analysis of sparse data. Stat Med 2004;23(9):1351-1375. "
        "doi:10.1002/sim.1761",
    ),
    "double_arcsine": (
        "Freeman and Tukey 1950",
        "Freeman MF, Tukey JW. Transformations related to the angular and the square root. Ann "
        "Math Stat 1950;21(4):607-611. doi:10.1214/aoms/1177729756",
    ),
    "miller": (
        "Miller 1978",
        "Miller JJ. The inverse of the Freeman-Tukey double arcsine transformation. Am Stat "
        "1978;32(4):138. doi:10.1080/00031305.1978.10479283",
    ),
    "MH": (
        "Mantel and Haenszel 1959",
        "Mantel N, Haenszel W. Statistical aspects of the analysis of data from retrospective "
        "studies of disease. J Natl Cancer Inst 1959;22(4):719-748. doi:10.1093/jnci/22.4.719",
    ),
    "robins": (
        "Robins 1986",
        "Robins J, Breslow N, Greenland S. Estimators of the Mantel-Haenszel variance consistent "
        "in both sparse data and large-strata limiting models. Biometrics 1986;42(2):311-323. "
        "doi:10.2307/2531052",
    ),
    "peto": (
        "Yusuf 1985",
        "Yusuf S, Peto R, Lewis J, Collins R, Sleight P. Beta blockade during and after myocardial "
        "infarction: an overview of the randomized trials. Prog Cardiovasc Dis "
        "1985;27(5):335-371. doi:10.1016/S0033-0620(85)80003-7",
    ),
    "GLMM": (
        "Stijnen 2010",
        "Stijnen T, Hamza TH, Özdemir P. Random effects meta-analysis of event outcome in the "
        "framework of the generalized linear mixed model with applications in sparse data. Stat "
        "Med 2010;29(29):3046-3067. doi:10.1002/sim.4040",
    ),
    "multilevel": (
        "Konstantopoulos 2011",
        "Konstantopoulos S. Fixed effects and variance components estimation in three-level "
        "meta-analysis. Res Synth Methods 2011;2(1):61-76. doi:10.1002/jrsm.35",
    ),
    "CR2": (
        "Pustejovsky and Tipton 2018",
        "Pustejovsky JE, Tipton E. Small-sample methods for cluster-robust variance estimation and "
        "hypothesis testing in fixed effects models. J Bus Econ Stat 2018;36(4):672-683. "
        "doi:10.1080/07350015.2016.1247004",
    ),
    "bivariate": (
        "Reitsma 2005",
        "Reitsma JB, Glas AS, Rutjes AWS, Scholten RJPM, Bossuyt PM, Zwinderman AH. Bivariate "
        "analysis of sensitivity and specificity produces informative summary measures in "
        "diagnostic reviews. J Clin Epidemiol 2005;58(10):982-990. "
        "doi:10.1016/j.jclinepi.2005.02.022",
    ),
    "influence": (
        "Viechtbauer and Cheung 2010",
        "Viechtbauer W, Cheung MWL. Outlier and influence diagnostics for meta-analysis. Res Synth "
        "Methods 2010;1(2):112-125. doi:10.1002/jrsm.11",
    ),
    "cumulative": (
        "Lau 1992",
        "Lau J, Antman EM, Jimenez-Silva J, Kupelnick B, Mosteller F, Chalmers TC. Cumulative "
        "meta-analysis of therapeutic trials for myocardial infarction. N Engl J Med "
        "1992;327(4):248-254. doi:10.1056/NEJM199207233270406",
    ),
    "baujat": (
        "Baujat 2002",
        "Baujat B, Mahé C, Pignon JP, Hill C. A graphical method for exploring heterogeneity in "
        "meta-analyses: application to a meta-analysis of 65 trials. Stat Med "
        "2002;21(18):2641-2652. doi:10.1002/sim.1221",
    ),
    "gosh": (
        "Olkin 2012",
        "Olkin I, Dahabreh IJ, Trikalinos TA. GOSH - a graphical display of study heterogeneity. "
        "Res Synth Methods 2012;3(3):214-223. doi:10.1002/jrsm.1053",
    ),
    "regression": (
        "Thompson and Higgins 2002",
        "Thompson SG, Higgins JPT. How should meta-regression analyses be undertaken and "
        "interpreted? Stat Med 2002;21(11):1559-1573. doi:10.1002/sim.1187",
    ),
    "permutation": (
        "Higgins and Thompson 2004",
        "Higgins JPT, Thompson SG. Controlling the risk of spurious findings from meta-regression. "
        "Stat Med 2004;23(11):1663-1682. doi:10.1002/sim.1752",
    ),
    "sterne": (
        "Sterne 2011",
        "Sterne JAC, Sutton AJ, Ioannidis JPA, et al. Recommendations for examining and "
        "interpreting funnel plot asymmetry in meta-analyses of randomised controlled trials. BMJ "
        "2011;343:d4002. doi:10.1136/bmj.d4002",
    ),
    "egger": (
        "Egger 1997",
        "Egger M, Davey Smith G, Schneider M, Minder C. Bias in meta-analysis detected by a "
        "simple, graphical test. BMJ 1997;315(7109):629-634. doi:10.1136/bmj.315.7109.629",
    ),
    "begg": (
        "Begg and Mazumdar 1994",
        "Begg CB, Mazumdar M. Operating characteristics of a rank correlation test for publication "
        "bias. Biometrics 1994;50(4):1088-1101. doi:10.2307/2533446",
    ),
    "peters": (
        "Peters 2006",
        "Peters JL, Sutton AJ, Jones DR, Abrams KR, Rushton L. Comparison of two methods to detect "
        "publication bias in meta-analysis. JAMA 2006;295(6):676-680. doi:10.1001/jama.295.6.676",
    ),
    "harbord": (
        "Harbord 2006",
        "Harbord RM, Egger M, Sterne JAC. A modified test for small-study effects in meta-analyses "
        "of controlled trials with binary endpoints. Stat Med 2006;25(20):3443-3457. "
        "doi:10.1002/sim.2380",
    ),
    "trim_fill": (
        "Duval and Tweedie 2000",
        "Duval S, Tweedie R. Trim and fill: a simple funnel-plot-based method of testing and "
        "adjusting for publication bias in meta-analysis. Biometrics 2000;56(2):455-463. "
        "doi:10.1111/j.0006-341X.2000.00455.x",
    ),
    "selection": (
        "Vevea and Hedges 1995",
        "Vevea JL, Hedges LV. A general linear model for estimating effect size in the presence of "
        "publication bias. Psychometrika 1995;60(3):419-435. doi:10.1007/BF02294384",
    ),
    "rosenthal": (
        "Rosenthal 1979",
        'Rosenthal R. The "file drawer problem" and tolerance for null results. Psychol Bull '
        "1979;86(3):638-641. doi:10.1037/0033-2909.86.3.638",
    ),
    "rosenberg": (
        "Rosenberg 2005",
        "Rosenberg MS. The file-drawer problem revisited: a general weighted method for "
        "calculating fail-safe numbers in meta-analysis. Evolution 2005;59(2):464-468. "
        "doi:10.1111/j.0014-3820.2005.tb01004.x",
    ),
    "e_value": (
        "VanderWeele and Ding 2017",
        "VanderWeele TJ, Ding P. Sensitivity analysis in observational research: introducing the "
        "E-value. Ann Intern Med 2017;167(4):268-274. doi:10.7326/M16-2607",
    ),
    "QUIPS": (
        "Hayden 2013",
        "Hayden JA, van der Windt DA, Cartwright JL, Côté P, Bombardier C. Assessing bias in "
        "studies of prognostic factors. Ann Intern Med 2013;158(4):280-286. "
        "doi:10.7326/0003-4819-158-4-201302190-00009",
    ),
    "PROBAST": (
        "Wolff 2019",
        "Wolff RF, Moons KGM, Riley RD, et al. PROBAST: a tool to assess the risk of bias and "
        "applicability of prediction model studies. Ann Intern Med 2019;170(1):51-58. "
        "doi:10.7326/M18-1376",
    ),
    "prisma": (
        "Page 2021",
        "Page MJ, McKenzie JE, Bossuyt PM, et al. The PRISMA 2020 statement: an updated guideline "
        "for reporting systematic reviews. BMJ 2021;372:n71. doi:10.1136/bmj.n71",
    ),
}


@dataclass(slots=True)
class Citations:
    """The works cited so far, in order of their first mention.

    Parameters
    ----------
    keys : list of str
        Keys of ``WORKS``.
    others : list of str
        References that the result itself names, such as a starting point of GRADE.
    """

    keys: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)

    def cite(self, *keys: str) -> str:
        """Call works by author and year, in brackets, and remember them.

        Parameters
        ----------
        *keys : str
            Of ``WORKS``.

        Returns
        -------
        str
            `` (Knapp and Hartung 2003; IntHout 2014)``, with the space before it.
        """
        for key in keys:
            if key not in self.keys:
                self.keys.append(key)
        return f" ({'; '.join(WORKS[key][0] for key in keys)})"

    def add(self, reference: str) -> None:
        """Remember a reference in its own words.

        Parameters
        ----------
        reference : str
            With its doi, where it has one.
        """
        if reference not in self.others:
            self.others.append(reference)

    def references(self) -> tuple[str, ...]:
        """Give every reference, once."""
        return (*(WORKS[key][1] for key in self.keys), *self.others)
