"""Results in files that are handed from one store to another."""
