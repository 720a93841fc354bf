"""Judging as a step of its own: requests in, replies out, with every request and answer on disk."""
