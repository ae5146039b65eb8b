# The comparison of language with vision models.
