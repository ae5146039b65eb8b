# The comparison of subjects with tokens of captions.
