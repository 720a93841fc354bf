"""The `bwalpha` command, one file a command."""
