"""Bodies of workflows that turn on what only newer Pythons can read."""

from __future__ import annotations

import sys

_SINCE_3_12 = {
    "quotes in quotes": r"""
name = {"a": await act(1)}
return f"{name["a"]} {f"{name["a"]:>{len("four")}}"} {'\n'.join([f"{x}" for x in name])}"
""",
    "a text over several lines": """
n = await act(1)
return f"{
    n  # the number
    !r:>{
        n
    }} {await act.named("inside")(f"{n}")}"
""",
    "an alias in its segment": """
type Several = list[int]
several: Several = [1]
text = str(Several)
several.append(await act(2))
return several, text
""",
    "an alias behind the await": """
n = await act(1)
type Several = list[int]
return str(Several), n
""",
    "functions with parameters of their own": """
def both[T](x: T, y: T = 2) -> list[T]:
    return [x, y]
pair = both(a)
n = await act(1)
def more[T: (int, str), *Ts, **P](x: T, *rest: *Ts) -> tuple[T, *Ts]:
    return x, *rest, n
return more(n, *pair)
""",
    "a comprehension whose variable is live outside of it": """
x = "outer"
squares = [x * x for x in range(3)]
n = await act(len(x))
again = [lambda: (x, y) for y in squares][-1]()
return x, squares, again, {x: n for x in "ab"}, x
""",
}

NEWER: dict[str, str] = _SINCE_3_12 if sys.version_info >= (3, 12) else {}
