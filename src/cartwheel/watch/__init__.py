"""The ward: what is known of a patient at each moment, and what follows from it."""
