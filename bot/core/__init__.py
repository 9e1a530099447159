"""Pure values and functions: no clock, no randomness, no files; everything comes in."""
