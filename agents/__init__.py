"""Learners: each answers the protocol of `lexigym.agents.protocol`; this imports no torch."""
