"""What `assistant eval` reads, measures and writes: one JSON object a line."""
