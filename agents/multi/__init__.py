"""Agents for games of several players, made of agents for one."""
