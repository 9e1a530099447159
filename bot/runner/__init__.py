"""The only code that runs beside an untrusted model; it imports nothing else of bot."""
