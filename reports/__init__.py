"""From logs to the headline."""
