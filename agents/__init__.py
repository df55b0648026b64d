"""Learners: every agent answers the protocol of `lexigym.agents.protocol`; importing this imports no torch."""
