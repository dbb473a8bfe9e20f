"""What explains the differences between studies: regression, permutation test, subgroups."""

from cartwheel.stats.pooling.moderators import (
    FittedLine as FittedLine,
    MetaRegression as MetaRegression,
    meta_regression as meta_regression,
    predict_line as predict_line,
)
from cartwheel.stats.pooling.permutation import (
    PermutationTest as PermutationTest,
    permutation_test as permutation_test,
)
from cartwheel.stats.pooling.subgroups import (
    SubgroupAnalysis as SubgroupAnalysis,
    subgroup_analysis as subgroup_analysis,
)
