"""Bench lines about what survives: kills and restarts."""
