"""Evidence: experiments as data, their runs, the statistics of them, and the command line."""
