"""The parts of a meta-analysis: study table, effects, pooling, questions, appraisal, result."""
