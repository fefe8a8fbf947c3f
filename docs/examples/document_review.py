"""Have a document reviewed by several people at once, with a reminder and a second deadline."""

from pydantic import BaseModel

from interlock.machines import Decision, Retry, approval, each, partition, step, workflow

ENOUGH = 2


class Document(BaseModel):
    author: str
    title: str
    link: str
    reviewers: tuple[str, ...]


@step(retry=Retry.standard)
async def mail(to: str, text: str) -> None:
    print(f"to {to}: {text}")


async def ask(reviewer: str, document: Document) -> Decision:
    await mail(reviewer, f"please review {document.title} within 7 days: {document.link}")
    return await approval(
        "review", about=document, approvers=reviewer, remind="7 days", timeout="9 days"
    )


@workflow
async def review(document: Document) -> str:
    outcomes = await each(
        lambda reviewer: ask(reviewer, document),
        document.reviewers,
        ids=document.reviewers,
        on_error="collect",
    )
    decisions, missing = partition(outcomes)
    objections = [
        f"{decision.by}: {decision.reason}" for decision in decisions if not decision.granted
    ]
    if objections:
        verdict = f"to be changed ({'; '.join(objections)})"
    elif len(decisions) < ENOUGH:
        verdict = f"undecided, {len(missing)} did not answer"
    else:
        verdict = "accepted"
    await mail.named("tell the author")(document.author, f"{document.title} is {verdict}")
    return verdict
