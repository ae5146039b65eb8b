# The comparison of subjects with untrained models.
