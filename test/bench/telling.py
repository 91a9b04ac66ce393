"""Bench lines about telling: from a transition to the receiver of a webhook."""
