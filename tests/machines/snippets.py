"""Bodies of workflows that turn on one corner of Python: first of its control flow."""

from __future__ import annotations

CONTROL = {
    "return through finally": """
try:
    return await act(1)
finally:
    await act.named("f")(2)
""",
    "break through two finallys": """
for x in [1, 2]:
    try:
        try:
            if await act(x):
                break
        finally:
            await act.named("inner")(x)
    finally:
        a = await act.named("outer")(x)
else:
    a = "never"
return a, x
""",
    "continue through a finally that returns late": """
out = []
for x in [1, 2, 3]:
    try:
        if x == 2:
            continue
        out.append(await act(x))
    finally:
        out.append(await act.named("f")(x))
        if x == 3:
            return out
""",
    "finally replaces the exception": """
try:
    try:
        raise KeyError(a)
    finally:
        await act(1)
        raise ValueError(a)
except ValueError as err:
    return repr(err), repr(err.__context__)
""",
    "return in finally swallows": """
try:
    raise KeyError(a)
finally:
    return await act(1)
""",
    "finally around a return whose value awaits and raises": """
try:
    try:
        return await boom(1)
    finally:
        a = await act(2)
except ValueError as err:
    return a, repr(err)
""",
    "return from a loop in a with in a try with an awaiting finally": """
try:
    with contextlib.suppress(KeyError):
        for x in range(3):
            for y in range(3):
                if x * y == 2:
                    return x, y
finally:
    await act(1)
""",
    "no return from that loop": """
try:
    with contextlib.suppress(KeyError):
        for x in range(3):
            if x == 7:
                return x
        a = "went on"
    b = a
finally:
    await act(1)
return b
""",
    "the handled exception is visible": """
try:
    await boom(1)
except ValueError:
    first = info()
    await act(2)
    second = info()
    try:
        await boom.named("again")(3)
    except ValueError:
        third = info()
        await act.named("inside")(4)
    fourth = info()
return first, second, third, fourth, info()
""",
    "bare raise in a leaf, behind an await in the handler": """
try:
    try:
        await boom(1)
    except ValueError:
        await act(2)
        if a is not None:
            raise
except ValueError as err:
    return repr(err), repr(err.__context__)
""",
    "a new exception in a handler has its context": """
try:
    try:
        await boom(1)
    except ValueError:
        await act(2)
        raise KeyError("new")
except KeyError as err:
    return repr(err), repr(err.__context__), err.__suppress_context__
""",
    "a step that raises in a handler has its context": """
try:
    try:
        await boom(1)
    except ValueError:
        await boom.named("second")(2)
except ValueError as err:
    return repr(err), repr(err.__context__), err.__context__ is err
""",
    "raise from": """
try:
    try:
        await boom(1)
    except ValueError as err:
        raise KeyError("new") from err
except KeyError as err:
    return repr(err.__cause__), err.__suppress_context__
""",
    "the name of a handler is unbound behind it": """
try:
    await boom(1)
except ValueError as err:
    await act(2)
try:
    return err
except UnboundLocalError:
    return "unbound"
""",
    "the name of a handler is unbound when it raises": """
err = 1
try:
    try:
        await boom(1)
    except ValueError as err:
        await act(2)
        raise KeyError
except KeyError:
    try:
        return err
    except UnboundLocalError:
        return await act.named("unbound")()
""",
    "break out of a handler": """
for x in range(3):
    try:
        await boom(x)
    except ValueError as err:
        if x == 1:
            break
        await act(x)
return x, info()
""",
    "break out of a handler through a leaf finally": """
for x in range(3):
    try:
        await boom(x)
    except ValueError:
        try:
            break
        finally:
            a = "finally ran"
return a, x, info()
""",
    "else runs outside of the handlers": """
try:
    try:
        await act(1)
    except ValueError:
        return "wrong"
    else:
        await boom(2)
except ValueError:
    return "right"
""",
    "except with a tuple": """
try:
    await boom(1)
except (KeyError, ValueError):
    return 1
""",
    "wrong class in except": """
try:
    await boom(1)
except a:
    return 1
""",
    "except with a tuple in a tuple": """
try:
    await boom(1)
except (KeyError, (OSError, ValueError)):
    return 1
""",
    "suppress": """
with contextlib.suppress(KeyError, ValueError):
    await act(1)
    await boom(2)
    a = "not reached"
return a
""",
}
