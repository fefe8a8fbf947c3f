"""Named policies: those for the usual services, and those that a program adds."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from interlock.machines.errors import BadDefinition
from interlock.machines.resilience.policy import Policy, Timeout
from interlock.machines.retry import Retry

ENVIRONMENT = "INTERLOCK_ENV"
"""The environment variable that `policies.choose` asks, unless told otherwise."""


class Policies:
    """The registry of policies. `policies.http_api` and `policies["http_api"]` are the same.

    Attributes:
        http_api: 5 s, 3 attempts.
        database: 30 s, 2 attempts with short waits.
        cache: 1 s, no second attempt.
        message_queue: 30 s, 5 attempts with long waits.
        file_system: 2 min, 3 attempts.
        rate_limited: 10 s, 5 attempts 1, 2, 3 … seconds apart.
    """

    http_api = Policy(Retry.standard, Timeout.api)
    database = Policy(Retry(attempts=2, initial="100 ms", maximum="1 second"), Timeout.extended)
    cache = Policy(Retry.none, Timeout.fast)
    message_queue = Policy(Retry.aggressive, Timeout.extended)
    file_system = Policy(Retry.standard, Timeout.long)
    rate_limited = Policy(
        Retry(attempts=5, initial="1 second", maximum="30 seconds", backoff="linear"), "10 seconds"
    )

    def __init__(self) -> None:
        self._named = {n: p for n, p in vars(Policies).items() if isinstance(p, Policy)}

    def register(self, name: str, policy: Policy) -> Policy:
        """Make a policy known by a name; the same policy again is no mistake.

        Raises:
            BadDefinition: another policy has this name.
        """
        if self._named.setdefault(name, policy) != policy:
            message = f"another policy is called {name!r}; choose another name"
            raise BadDefinition(message)
        return policy

    def __getitem__(self, name: str) -> Policy:
        """The policy of this name.

        Raises:
            BadDefinition: there is none.
        """
        found = self._named.get(name)
        if found is None:
            message = f"no policy is called {name!r}; known: {', '.join(self)}"
            raise BadDefinition(message)
        return found

    def __iter__(self) -> Iterator[str]:
        """The names, in order."""
        return iter(sorted(self._named))

    def choose(
        self,
        by_environment: Mapping[str, Policy],
        *,
        default: Policy | None = None,
        variable: str = ENVIRONMENT,
    ) -> Policy:
        """The policy for the environment that a variable of the process names.

        It is chosen when this is called, which is when the step is declared.

        Args:
            by_environment: policies by environment, such as `{"production": …, "test": …}`.
            default: for every other environment, and for none.
            variable: the environment variable.

        Raises:
            BadDefinition: nothing is given for this environment, and no default.
        """
        name = os.environ.get(variable, "")
        chosen = by_environment.get(name, default)
        if chosen is None:
            known = ", ".join(sorted(by_environment)) or "none"
            message = f"{variable} is {name!r}, and policies are given for: {known}; add default="
            raise BadDefinition(message)
        return chosen


policies = Policies()
"""The policies of this process."""


def chosen(policy: Policy | str) -> Policy:
    """The policy that a step names, or is given.

    Raises:
        BadDefinition: no policy has this name.
    """
    return policies[policy] if isinstance(policy, str) else policy
