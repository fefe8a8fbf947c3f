"""A workflow with helpers in helpers, a nested function, branches, and code started aside."""

from __future__ import annotations

from interlock.machines import approval, parallel, phase, start, step, workflow


@step
async def look(x: int) -> int:
    return x + 1


async def inner(x: int) -> int:
    y = await look(x)
    z = await look.named("again")(y)
    await approval("inner", about=z)
    return z


async def alone(x: int) -> int:
    c = x * 3
    return await look(c) + c


async def outer(x: int) -> int:
    a = 5
    b = await inner(x + a)
    return b + a


@workflow
async def deep(n: int) -> int:
    total = 10

    async def nested(k: int) -> int:
        m = k * 2
        await approval("nested", about=m)
        return m + total

    aside = start(alone(n))
    with phase("first"):
        u = await outer(n)
        v = await nested(u)
    await parallel(outer(u), inner(v))
    return u + v + await aside
