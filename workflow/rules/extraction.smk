# Feature extraction, one job a model.
