"""Record the definitions, after they were changed on purpose: `python -m versions` in `tests`."""

from versions.collected import main

main()
