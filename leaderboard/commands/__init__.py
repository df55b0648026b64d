"""What each command of `lexigym` does."""
