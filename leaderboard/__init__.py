"""Evidence: experiments as data, their runs, the store and the statistics of these."""

from .frame import load

__all__ = ["load"]
