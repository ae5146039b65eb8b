"""What images are compared with beside brains: model features, controls, partitions."""
