"""The suite as Inspect knows it: `inspect eval bwalpha/grid_2` works from any folder."""
