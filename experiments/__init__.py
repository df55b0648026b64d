"""The official suites, as data: `lexigym bench NAME` runs `NAME.toml`."""
