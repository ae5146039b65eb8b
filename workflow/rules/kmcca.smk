# Kernel multi-view CCA over subjects, and what is derived from it.
