"""Tell the definitions as this Python makes them.

After they were changed on purpose, in `tests`: `python -m versions > versions/definitions.json`.
"""

import sys

from versions.collected import collected, text_of

sys.stdout.write(text_of(collected()))
