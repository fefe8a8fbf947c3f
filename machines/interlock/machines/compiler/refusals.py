"""Everything a workflow cannot hold: a code for each, what was found, what to write instead."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """One construct that is refused.

    Attributes:
        code: its stable identifier.
        what: what was found; `{name}` stands for the author's own word for it.
        instead: what to write instead.
    """

    code: str
    what: str
    instead: str


NO_SOURCE = Refusal(
    "ILK040",
    "the source of {name} cannot be read",
    "define the workflow in a file: a workflow is compiled from its text",
)
NOT_ASYNC = Refusal(
    "ILK041", "{name} is not a plain async def", "write `async def`, with @workflow right above it"
)
NOT_A_STEP = Refusal(
    "ILK042",
    "`await {name}(...)` awaits something that is neither a step nor a wait",
    "declare the function with @step; what runs between steps needs no await",
)
NOT_A_CALL = Refusal(
    "ILK043",
    "`await {name}` awaits a value that is known only at run time",
    "await a call of a declared step directly, such as `await charge(order)`",
)
ASYNCIO_SLEEP = Refusal(
    "ILK044",
    "`{name}` would be forgotten in a restart",
    'write `await sleep("30 seconds")`, or `await asyncio.sleep(30)` with nothing but seconds',
)
CONCURRENT = Refusal(
    "ILK045",
    "`{name}` starts coroutines that no log knows of",
    "write `a, b = await parallel(f(x), g(y))`, `await each(f, items)`, `await race(...)`, or "
    "`handle = start(f(x))` and `await handle`",
)
ASYNCIO_TIMEOUT = Refusal(
    "ILK046",
    "`{name}` measures time that a restart forgets",
    "give the step or the wait a timeout=, and catch TimedOut",
)
LOCKS = Refusal(
    "ILK047",
    "`{name}` lives in one process",
    "leave it out: one segment of a run is run at a time; what is called at the same time is "
    "limited by `each(..., concurrency=3)`, or by a step's bulkhead= and rate=",
)
STEP_NOT_AWAITED = Refusal(
    "ILK048",
    "`{name}(...)` is called and never awaited",
    "write `await {name}(...)`, or `handle = start({name}(...))` to go on meanwhile",
)
ASYNC_FOR = Refusal(
    "ILK049",
    "`async for {target} in {stream}` consumes a stream that cannot be recorded",
    "consume it in one step that returns a list: `for {target} in await items(...)`",
)
ASYNC_WITH = Refusal(
    "ILK050",
    "`async with {name}` holds a resource that cannot be recorded",
    "use it inside a step, or get and release it in steps: `try: ... finally: await release()`",
)
WITH_AROUND_AWAIT = Refusal(
    "ILK051",
    "`with {name}` holds a resource across an await",
    "end the block before the await, or use try/finally (contextlib.suppress is allowed)",
)
GENERATOR = Refusal(
    "ILK052", "a workflow cannot yield", "return a list, or record progress with a step"
)
EXCEPT_STAR = Refusal(
    "ILK053",
    "`except* {name}` takes an exception group apart",
    "write `except ExceptionGroup as errors:` and in it `found, others = errors.split({name})`, "
    "or `await settle(...)` and look at each outcome",
)
GLOBAL_NONLOCAL = Refusal(
    "ILK054",
    "`{name}` changes a variable outside of the run",
    "keep it in a local variable, or change it inside a step",
)
NESTED_ASYNC = Refusal(
    "ILK055",
    "the nested async def {name} {why}",
    "define it once, undecorated, above the await in the same block; or at module level",
)
CLASS_DEFINITION = Refusal(
    "ILK056", "the class {name} is made anew in every run", "define the class at module level"
)
FRAME_ACCESS = Refusal(
    "ILK057",
    "`{name}` reaches into the frame of the function",
    "name the variables: a compiled frame also holds the compiler's own",
)
FUNCTION_VALUED = Refusal(
    "ILK058",
    "{name} holds a function, a module, an alias or a generator across an await",
    "define it at module level, or again behind the await",
)
STATE_CLASH = Refusal(
    "ILK059",
    "two awaits would both be the state {name!r}",
    'name one: `await {call}.named("first {call}")(...)`, or put it into a `with phase("…"):`',
)
NOT_FIXED = Refusal(
    "ILK060",
    "the options in `{name}` depend on a local variable",
    "give .named() and .with_() constants, or options declared at module level",
)
UNKNOWN_NAME = Refusal(
    "ILK061", "{name} is not defined", "define or import it before the workflow is first used"
)
AWAIT_IN_SCOPE = Refusal(
    "ILK062",
    "an await inside a generator expression runs when nobody knows",
    "write a list comprehension, or a for loop",
)
WRAPPED = Refusal(
    "ILK063",
    "{name} is wrapped by another decorator",
    "put @workflow directly above the async def, and other decorators on its steps",
)
COMMAND_TYPE = Refusal(
    "ILK065",
    "{name} does not say by its arguments which commands it takes",
    "name Command classes: `{name}(PaymentReceived)`, `{name}(Assign | Cancel)`",
)
AWAIT_IN_WHERE = Refusal(
    "ILK066",
    "the where= of a wait holds an await or an assignment",
    "do it before, and use its result in the condition",
)
ENDLESS = Refusal(
    "ILK067",
    "the iterable {name} has no end",
    "count in a `while` loop, or loop over range(...) or itertools.islice(...)",
)
RESERVED_STATE = Refusal(
    "ILK068",
    "the state {name!r} is one that every workflow has",
    'name it otherwise: `await step.named("...")(...)`',
)
TOO_DEEP = Refusal(
    "ILK069",
    "{name} is nested too deeply to be compiled",
    "move the inner part into a plain function or a step",
)
RECURSION = Refusal(
    "ILK140",
    "{name} awaits itself: {path}",
    "write a loop, or make it a @workflow: awaiting one is a run of its own",
)
BOUND_METHOD = Refusal(
    "ILK141",
    "`await {name}(...)` awaits a method of an object that no log holds",
    "make it an async def at module level that is given what it needs, or a @step",
)
ASYNC_GENERATOR = Refusal(
    "ILK142",
    "{name} is an async generator",
    "return a list; what it waits for between its items is awaited in a loop here",
)
WRAPPED_HELPER = Refusal(
    "ILK143",
    "{name} is wrapped by a decorator",
    "await a function without one, and put decorators on its steps",
)
PLAIN_HELPER = Refusal(
    "ILK144",
    "`await {name}(...)` awaits what a plain function or a lambda returns",
    "write `async def`, or declare it with @step",
)
HELPER_NOT_AWAITED = Refusal(
    "ILK145",
    "the coroutine `{name}(...)` is made and not awaited there",
    "write `await {name}(...)`, or `handle = start({name}(...))` to go on meanwhile",
)
PHASE_NAME = Refusal(
    "ILK146",
    "the name of a phase is not a literal text, or holds a slash",
    'write `with phase("research"):`, and nest phases for a name in parts',
)

CALL_DOES_NOT_FIT = Refusal(
    "ILK150", "the call `{name}` does not fit: {why}", "its parameters are {parameters}"
)
RESOURCE_GIVEN = Refusal(
    "ILK151",
    "`{name}` is given {parameter}, which is a resource()",
    "leave it out: the engine gives it, from Engine(resources=...)",
)
BAD_DURATION = Refusal(
    "ILK152",
    "{value} in `{name}` is not a duration",
    "write text such as '30 seconds', '2 days', '1h 30m', or a timedelta",
)
BAD_OPTION = Refusal("ILK153", "`{name}` has options that do not fit", "{why}")
UNRECORDABLE_TYPE = Refusal(
    "ILK154", "{what} of {name} is {why}", "{instead}: what crosses an await is recorded"
)
JOIN_IN_JOIN = Refusal(
    "ILK155",
    "`{name}(...)` stands inside another join",
    "await it first, or in an `async def` helper of its own, and call that here",
)
WHERE_IN_CALL = Refusal(
    "ILK156",
    "a wait with where= is not awaited on the spot",
    "await it in an `async def` helper, and call that here",
)
MIXED_CALLS = Refusal(
    "ILK157", "`{name}(...)` is given both named and unnamed calls", "name all of them, or none"
)
STEP_AS_VALUE = Refusal(
    "ILK158",
    "{name} is handed on as a value, so its calls would not be seen",
    "write the calls out: `[{name}(x) for x in items]`, or `await each({name}, items)`",
)
NOT_STARTED = Refusal(
    "ILK159",
    "`{name}` does not hold the call that it starts",
    "write the call itself there: `handle = start(charge(order))`",
)
EACH_OF = Refusal(
    "ILK160",
    "each does not say by its first argument what it calls",
    "name a step, a helper or a workflow, write a lambda that is one call, or give a list of "
    "calls: `each([f(x, y) for x in items])`",
)
IN_THREAD = Refusal(
    "ILK161",
    "`{name}` calls a function that no log knows of",
    "declare it with @step and await it: a plain function is called in a thread",
)
SIGNALS = Refusal(
    "ILK162",
    "`{name}` is set in one process",
    "declare a Command, `await wait_for(It)` here, and `engine.send(run, It())` there",
)
QUEUES = Refusal(
    "ILK163",
    "`{name}` is filled in one process",
    "keep a list; what others put in is a Command: `await wait_for(It)`, sent by engine.send",
)
SHIELD = Refusal(
    "ILK164",
    "`{name}` protects a coroutine in one process",
    "what has to go on when the run is cancelled is a @workflow: "
    '`start_child(it, ..., on_cancel="abandon")`',
)
EVENT_LOOP = Refusal(
    "ILK165",
    "`{name}` belongs to one process",
    "declare f with @step: `await f(x)` is what `loop.run_in_executor(None, f, x)` was, and "
    "`handle = start(f(x))` what `loop.create_task(f(x))` was; the time is `now()`",
)
TASK_GROUP = Refusal(
    "ILK166",
    "`async with {name}",
    "make the tasks in it, `task = {group}.create_task(f(x))`, and read `task.result()` behind "
    "it; or write `a, b = await parallel(f(x), g(y))`",
)
CHILD_CALLED = Refusal(
    "ILK167",
    "`{call}` in `start_child` begins nothing",
    "give the workflow and its input apart: `start_child({instead})`",
)
NAMED_NO_STEP = Refusal(
    "ILK168",
    "`{name}` gives a name or options to something that is no step",
    'put the await into a `with phase("…"):` to tell its state apart',
)

ALL: tuple[Refusal, ...] = tuple(
    value for value in dict(globals()).values() if isinstance(value, Refusal)
)
"""Every refusal, in the order of their codes."""
