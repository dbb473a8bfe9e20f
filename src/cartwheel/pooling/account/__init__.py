"""What a pool says of itself: methods and results for a paper, references, the same in R."""

from cartwheel.pooling.account.paragraphs import Paragraphs, paragraphs
from cartwheel.pooling.account.r_script import r_script

__all__ = ["Paragraphs", "paragraphs", "r_script"]
