"""Bench lines about calls: how long a phone is waited for."""
