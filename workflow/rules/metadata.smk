# Facts of the models, worked out from their architectures.
