"""Pages that follow from the code: the data dictionary, and what every setting changes."""
