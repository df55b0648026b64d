"""Prompts with their references: what ships, what is generated, and a user's own."""
