"""A retired judge's scale, reached through a successor that judged the same completions."""
