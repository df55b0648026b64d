"""Worlds with several players, with PettingZoo's names for modules and for the forms in them."""
