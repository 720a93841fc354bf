"""Pure arithmetic of arrays: intervals, comparisons, power, agreement and the registered rules."""
