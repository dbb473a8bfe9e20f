"""Statistics: arrays in, frozen results out; knows no medicine."""
