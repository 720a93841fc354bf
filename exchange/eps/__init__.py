"""The original scripts' layout, in and out."""
