"""Ask a service that answers by calling back; when it is late, ask it for the answer."""

from typing import Protocol

from pydantic import BaseModel, ValidationError

from interlock.engine import Engine, UnknownRun
from interlock.machines import (
    Command,
    Refused,
    Retry,
    current,
    policies,
    race,
    reply,
    resource,
    sleep,
    step,
    wait_for,
    workflow,
)


class Applicant(BaseModel):
    name: str
    amount: int


class Scored(Command):
    score: int


class Bureau(Protocol):
    async def request(self, key: str, name: str, callback: str) -> None: ...
    async def look_up(self, name: str) -> int: ...


@step(policy=policies.http_api)
async def request(applicant: Applicant, bureau: Bureau = resource()) -> None:
    callback = f"https://shop.example/hooks/{current().run}"
    await bureau.request(current().key, applicant.name, callback)


@step(policy=policies.http_api, retry=Retry(attempts=3, initial="5 minutes", maximum="1 hour"))
async def look_up(applicant: Applicant, bureau: Bureau = resource()) -> int:
    return await bureau.look_up(applicant.name)


async def callback() -> int:
    scored = await wait_for(Scored, timeout="1 day")
    reply("thank you")
    return scored.score


async def fallback(applicant: Applicant) -> int:
    await sleep("10 minutes")
    return await look_up(applicant)


@workflow
async def credit(applicant: Applicant) -> str:
    await request(applicant)
    first = await race(callback=callback(), fallback=fallback(applicant))
    return f"{'granted' if first.value >= 50 else 'refused'}, says the {first.name}"


async def hook(engine: Engine, run: str, delivery: str, body: bytes) -> tuple[int, str]:
    """Handle `POST /hooks/{run}`: status and text of the response."""
    try:
        scored = Scored.model_validate_json(body)
        answer = await engine.send(
            run, scored, by="bureau", command_id=delivery, reply=True, timeout="5 seconds"
        )
    except ValidationError as error:
        return 422, f"{error.error_count()} field does not fit"
    except UnknownRun:
        return 404, "no such application"
    except Refused as refused:
        return 409, refused.message
    return 200, answer
