"""What a run will cost before it starts: jobs, time, memory and disk."""
