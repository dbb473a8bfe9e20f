"""Figures of a meta-analysis, drawn from the ``result`` of ``cartwheel pool`` as plain JSON."""
