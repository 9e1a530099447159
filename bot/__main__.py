"""`python -m bot` is `lockstep`."""

from bot.cli import main

main()
