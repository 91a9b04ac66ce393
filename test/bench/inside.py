"""Bench lines inside one process: decisions and commits."""
