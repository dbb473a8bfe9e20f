"""The parts of dynamic prediction: models at several days, made and judged again at each."""
