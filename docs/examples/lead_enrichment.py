"""Enrich a lead from several providers at once; what cannot be had is left out."""

from typing import Protocol

from pydantic import BaseModel

from interlock.machines import (
    Breaker,
    Cache,
    Err,
    Ok,
    Policy,
    RateLimit,
    Retry,
    attempt,
    policies,
    resource,
    settle,
    skip,
    step,
    workflow,
)

PROVIDER = policies.http_api | Policy(retry=Retry.transient)

Facts = dict[str, str]


class Lead(BaseModel):
    email: str


class Profile(BaseModel):
    facts: Facts = {}
    missing: Facts = {}


class UnknownCompany(Exception): ...


class Provider(Protocol):
    async def get(self, path: str) -> Facts: ...


@step(policy=PROVIDER, raises=UnknownCompany, cache=Cache(ttl="30 days"))
async def company(domain: str, register: Provider = resource("register")) -> Facts:
    return await register.get(f"/companies/{domain}")


@step(policy=PROVIDER, breaker=Breaker.critical("people", when_open="fail"))
async def person(email: str, people: Provider = resource("people")) -> Facts:
    return await people.get(f"/people/{email}")


@step(policy=PROVIDER, rate=RateLimit.external("news"))
async def news(domain: str, press: Provider = resource("press")) -> Facts:
    return await press.get(f"/news?about={domain}")


@step(policy=policies.database)
async def save(lead: Lead, profile: Profile) -> None:
    print(f"{lead.email}: {', '.join(profile.facts)}; without {', '.join(profile.missing)}")


def domain_of(email: str) -> str:
    _, at, domain = email.partition("@")
    if not at or "." not in domain:
        raise ValueError(f"{email} is no address")
    return domain


@workflow
async def enrich(lead: Lead) -> Profile:
    profile = Profile()
    match attempt(domain_of, lead.email):
        case Ok(domain):
            outcomes = await settle(
                company=company(domain), person=person(lead.email), news=news(domain)
            )
            for name, outcome in outcomes.items():
                match outcome:
                    case Ok(facts):
                        profile.facts |= facts
                    case Err(error):
                        profile.missing[name] = f"{type(error).__name__}: {error}"
        case Err(error):
            skip(str(error))
            profile.missing["email"] = str(error)
    await save(lead, profile)
    return profile
