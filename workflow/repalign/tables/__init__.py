"""Files: paths, schemas, typed and atomic writers, provenance."""
