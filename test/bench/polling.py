"""Bench lines about polling."""
