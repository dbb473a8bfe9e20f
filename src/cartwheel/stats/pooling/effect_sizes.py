"""Whatever papers print, as effects with errors on the analysis scale: one door to four rooms."""

from cartwheel.stats.pooling.count_effects import (
    Converted as Converted,
    back_transform as back_transform,
    incidence_rates as incidence_rates,
    proportions as proportions,
    two_by_two as two_by_two,
)
from cartwheel.stats.pooling.mean_effects import (
    mean_difference as mean_difference,
    standardised_mean_difference as standardised_mean_difference,
)
from cartwheel.stats.pooling.model_effects import (
    log_observed_expected as log_observed_expected,
    logit_c_statistic as logit_c_statistic,
)
from cartwheel.stats.pooling.reported_effects import (
    difference_from_interval as difference_from_interval,
    difference_from_p_value as difference_from_p_value,
    log_hazard_ratio_from_log_rank as log_hazard_ratio_from_log_rank,
    log_hazard_ratio_from_medians as log_hazard_ratio_from_medians,
    log_hazard_ratio_from_o_minus_e as log_hazard_ratio_from_o_minus_e,
    ratio_from_interval as ratio_from_interval,
    ratio_from_p_value as ratio_from_p_value,
    ratio_from_std_error as ratio_from_std_error,
)
