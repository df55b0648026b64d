"""Searches for hyperparameters, by Optuna."""
