"""What is said of a set of results: provenance, checksums, a research object, a methods text."""
