"""Values that cross an `await` or a stream: how they become JSON and come back.

Encoded forms (`Encoded`). Values without identity stand for themselves or carry a tag:

    null, true, 7, 1.5, "text"             None, bool, int (64 bit), float (finite), str
    {"$": "int", "v": "123…"}              an int beyond 64 bits
    {"$": "float", "v": "nan"}             nan, inf, -inf
    {"$": "decimal" | "date" | "time" | "datetime" | "timedelta" | "uuid" | "bytes", "v": …}
    {"$": "enum", "t": "Status", "v": "PAID"}     a member, by name
    {"$": 7}                               the object number 7 of the run's memory

Objects (everything that `is` could tell apart and that may be changed or shared) are numbered
and defined once, each with its children encoded:

    [a, b]                                 list
    {"k": a}                               dict with text keys, none of which begins with "$"
    {"$": "dict", "v": [[k, a], …]}        any other dict
    {"$": "tuple" | "set" | "frozenset" | "deque", "v": […]}
    {"$": "range", "v": [start, stop, step]}
    {"$": "object", "t": "Order", "v": {field: a}, …}    dataclass, pydantic model, named tuple
    {"$": "error", "t": "KeyError", "v": [args], …}      exception
    "long text" and {"$": "bytes", …}      text and bytes of 64 or more
"""
