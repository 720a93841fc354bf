"""How completions are judged and verdicts are reduced to alpha."""
