"""How the target is asked."""
