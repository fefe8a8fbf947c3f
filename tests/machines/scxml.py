"""The W3C algorithm, word for word and slow: the oracle of the kernel's laws.

From the pseudo-code of https://www.w3.org/TR/scxml/#AlgorithmforSCXMLInterpretation, over names
and lists, without executable content. The two changes of Interlock in moving are marked.
"""

from __future__ import annotations

from collections.abc import Callable

from interlock.machines.ir import Edge, Machine

Asks = Callable[[Edge], bool]


class Interpreter:
    """One session of a machine; `steps` notes what each microstep left and entered."""

    def __init__(self, machine: Machine, asks: Asks) -> None:
        self.machine = machine
        self.asks = asks
        self.most = 0
        self.configuration: set[str] = set()
        self.history: dict[str, list[str]] = {}
        self.queue: list[str] = []
        self.running = True
        self.steps: list[tuple[list[str], list[str], list[str]]] = []
        self.order: list[str] = []
        self.number(None)

    # The document

    def number(self, parent: str | None) -> None:
        for node in self.machine.nodes:
            if node.parent == parent:
                self.order.append(node.id)
                self.number(node.id)

    def kind(self, state: str) -> str:
        return self.machine.by_id[state].kind

    def children(self, state: str) -> list[str]:
        nodes = self.machine.nodes
        return [n.id for n in nodes if n.parent == state and n.kind != "history"]

    def ancestors(self, state: str, until: str | None = None) -> list[str]:
        found: list[str] = []
        parent = self.machine.by_id[state].parent
        while parent is not None and parent != until:
            found.append(parent)
            parent = self.machine.by_id[parent].parent
        return found

    def descends(self, state: str, from_: str | None) -> bool:
        return from_ is None or from_ in self.ancestors(state)

    def initial(self, state: str) -> list[str]:
        node = self.machine.by_id[state]
        if node.initial is None and node.kind == "history" and node.parent is not None:
            if self.kind(node.parent) == "parallel":
                return self.children(node.parent)
            return self.initial(node.parent)
        assert node.initial is not None
        return [node.initial, *node.more]

    def atomic(self, state: str) -> bool:
        return self.kind(state) not in ("compound", "parallel", "history")

    # The loop

    def start(self) -> None:
        self.enter([], [self.machine.initial, *self.machine.more])
        self.run_to_completion()

    def send(self, event: str) -> None:
        if self.running:
            enabled = self.select(event)
            if enabled:
                self.microstep(enabled)
                self.run_to_completion()

    def run_to_completion(self) -> None:
        while self.running:
            enabled = self.select("always")
            if not enabled:
                if not self.queue:
                    return
                enabled = self.select(self.queue.pop(0))
            if enabled:
                if len(self.steps) > self.most:
                    raise OverflowError
                self.microstep(enabled)

    def matches(self, edge: Edge, event: str) -> bool:
        return edge.event == event or (edge.event == "done" and event == f"done {edge.source}")

    def select(self, event: str) -> list[Edge]:
        enabled: list[Edge] = []
        for state in sorted(filter(self.atomic, self.configuration), key=self.order.index):
            found: Edge | None = None
            for s in [state, *self.ancestors(state)]:
                for edge in sorted(self.machine.edges, key=lambda e: (e.event != "done", e.order)):
                    here = edge.source == s and self.matches(edge, event)
                    if found is None and here and self.asks(edge):
                        found = edge
            if found is not None and found not in enabled:
                enabled.append(found)
        return self.remove_conflicting(enabled)

    def remove_conflicting(self, enabled: list[Edge]) -> list[Edge]:
        filtered: list[Edge] = []
        for t1 in enabled:
            preempted = False
            to_remove: list[Edge] = []
            for t2 in filtered:
                if set(self.exit_set([t1])) & set(self.exit_set([t2])):
                    if self.descends(t1.source, t2.source):
                        to_remove.append(t2)
                    else:
                        preempted = True
                        break
            if not preempted:
                filtered = [t for t in filtered if t not in to_remove]
                filtered.append(t1)
        return filtered

    def microstep(self, enabled: list[Edge]) -> None:
        left = self.exit_set(enabled)
        for state in left:
            for node in self.machine.nodes:
                if node.kind == "history" and node.parent == state:
                    self.history[node.id] = [
                        s
                        for s in self.order
                        if s in self.configuration
                        and (
                            (self.atomic(s) and self.descends(s, state))
                            if node.deep
                            else self.machine.by_id[s].parent == state
                        )
                    ]
        left.sort(key=self.order.index, reverse=True)
        self.configuration -= set(left)
        self.enter(enabled, [])
        self.steps[-1][1].extend(left)
        self.steps[-1][0].extend(edge.id for edge in enabled)

    def exit_set(self, enabled: list[Edge]) -> list[str]:
        found: list[str] = []
        for edge in enabled:
            if not edge.stays:
                domain = self.domain(edge)
                region = self.region(edge)
                for state in self.configuration:
                    inside = self.descends(state, domain)
                    if region is not None:
                        inside = state == region or self.descends(state, region)
                    if inside and state not in found:
                        found.append(state)
        return found

    def domain(self, edge: Edge) -> str | None:
        targets = self.effective(list(edge.targets))
        compound = self.kind(edge.source) == "compound"
        if edge.internal and compound and all(self.descends(t, edge.source) for t in targets):
            return edge.source
        region = self.region(edge)
        if region is not None:
            return self.machine.by_id[region].parent
        for ancestor in self.ancestors(edge.source):
            around = all(self.descends(t, ancestor) for t in targets)
            if self.kind(ancestor) == "compound" and around:
                return ancestor
        return None

    def region(self, edge: Edge) -> str | None:
        """Interlock's change: the innermost region that holds source and targets, if it is
        smaller than the compound state that SCXML would leave everything of."""
        targets = self.effective(list(edge.targets))
        compound = self.kind(edge.source) == "compound"
        if edge.internal and compound and all(self.descends(t, edge.source) for t in targets):
            return None
        for state in [edge.source, *self.ancestors(edge.source)]:
            inside = all(self.descends(t, state) for t in targets)
            if state != edge.source and self.kind(state) == "compound" and inside:
                return None
            parent = self.machine.by_id[state].parent
            within = all(t == state or self.descends(t, state) for t in targets)
            if parent is not None and self.kind(parent) == "parallel" and within:
                return state
        return None

    def effective(self, targets: list[str]) -> list[str]:
        found: list[str] = []
        for target in targets:
            if self.kind(target) != "history":
                found.append(target)
            elif target in self.history:
                found += self.history[target]
            else:
                found += self.effective(self.initial(target))
        return found

    # Entering

    def enter(self, enabled: list[Edge], first: list[str]) -> None:
        to_enter: list[str] = []
        if first:
            for state in first:
                self.add_descendants(state, to_enter)
            for state in self.effective(first):
                self.add_ancestors(state, None, to_enter)
        for edge in enabled:
            if not edge.stays:
                domain = self.domain(edge)
                for state in edge.targets:
                    self.add_descendants(state, to_enter)
                for state in self.effective(list(edge.targets)):
                    self.add_ancestors(state, domain, to_enter)
        to_enter = [s for s in to_enter if s not in self.configuration]  # Interlock's change
        entered = sorted(set(to_enter), key=self.order.index)
        self.steps.append(([], [], entered))
        for state in entered:
            self.configuration.add(state)
            if self.kind(state) == "final":
                parent = self.machine.by_id[state].parent
                if parent is None:
                    self.running = False
                    continue
                self.queue.append(f"done {parent}")
                above = self.machine.by_id[parent].parent
                parallel = above is not None and self.kind(above) == "parallel"
                if parallel and all(self.in_final(c) for c in self.children(str(above))):
                    self.queue.append(f"done {above}")

    def in_final(self, state: str) -> bool:
        if self.kind(state) == "compound":
            return any(
                self.kind(child) == "final" and child in self.configuration
                for child in self.children(state)
            )
        if self.kind(state) == "parallel":
            return all(self.in_final(child) for child in self.children(state))
        return False

    def add_descendants(self, state: str, found: list[str]) -> None:
        if self.kind(state) == "history":
            back = self.history.get(state, self.initial(state))
            for s in back:
                self.add_descendants(s, found)
            for s in self.effective(back):
                self.add_ancestors(s, self.machine.by_id[state].parent, found)
            return
        found.append(state)
        if self.kind(state) == "compound":
            for s in self.initial(state):
                self.add_descendants(s, found)
            for s in self.effective(self.initial(state)):
                self.add_ancestors(s, state, found)
        elif self.kind(state) == "parallel":
            self.add_regions(state, found)

    def add_ancestors(self, state: str, until: str | None, found: list[str]) -> None:
        for ancestor in self.ancestors(state, until):
            found.append(ancestor)
            if self.kind(ancestor) == "parallel":
                self.add_regions(ancestor, found)

    def add_regions(self, state: str, found: list[str]) -> None:
        for child in self.children(state):
            if not any(s == child or self.descends(s, child) for s in found):
                self.add_descendants(child, found)
