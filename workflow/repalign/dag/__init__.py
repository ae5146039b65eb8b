"""The workflow as data: steps, their specs, and what makes a file stale."""
