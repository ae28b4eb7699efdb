/** List and watch ends with what the server has, whatever happens in between, and does not ask for more lists than it must. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { EnvironmentError } from "../../platform/error.ts";
import { AnswerTooLargeError } from "../client/answer-too-large.ts";
import { ApiError } from "../client/api-error.ts";
import type { KubernetesObject } from "../client/kubernetes-object.ts";
import { RESOURCE_TYPES } from "../client/resource-types.ts";
import { LineTooLongError } from "./event-lines.ts";
import { ListWatch } from "./list-watch.ts";
import { expired, ModelServer } from "./model-server.fixture.ts";

const TYPE = RESOURCE_TYPES.VirtualService;

/** What goes wrong when the machine asks for something, or in the middle of a watch. */
const FAILURES = {
  cut: () => new EnvironmentError("the connection was cut"),
  busy: () => new ApiError(429, "storage is (re)initializing", { retryAfterMs: 1000 }),
  unavailable: () => new ApiError(503, "the server is currently unable"),
  broken: () => new ApiError(500, "unable to decode an object in the watch stream"),
  tooLong: () => new LineTooLongError("pods", 1),
  tooLarge: () => new AnswerTooLargeError("/x", 1),
  unauthorized: () => new ApiError(401, "Unauthorized"),
  missing: () => new ApiError(404, "the server could not find the requested resource"),
  forbidden: () => new ApiError(403, "not yet"),
} as const;

type Happening =
  | { readonly do: "write" | "remove"; readonly name: string }
  | { readonly do: "forget" | "end" | "bookmark" | "go" }
  | { readonly do: "fail"; readonly how: keyof typeof FAILURES };

const NAMES = ["a", "b", "c", "d", "e"];
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("write" as const), name: fc.constantFrom(...NAMES) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("remove" as const), name: fc.constantFrom(...NAMES) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constantFrom("go" as const, "end" as const, "bookmark" as const) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("forget" as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("fail" as const),
      how: fc.constantFrom(...(Object.keys(FAILURES) as (keyof typeof FAILURES)[])),
    }),
  },
);

/** The machine, its server, and a copy that is made from what it says has changed. */
class Run {
  readonly server = new ModelServer();
  readonly machine: ListWatch;
  readonly copy = new Map<string, KubernetesObject>();
  readonly problems: string[] = [];
  waited = 0;
  #position: string | undefined;

  constructor(random: () => number = () => 0.5) {
    this.machine = new ListWatch({
      type: TYPE,
      random,
      onProblem: (line) => this.problems.push(line),
      onRecovery: () => {},
    });
  }

  take(happening: Happening): void {
    switch (happening.do) {
      case "write":
        this.server.write(happening.name);
        return;
      case "remove":
        this.server.remove(happening.name);
        return;
      case "forget":
        this.server.forget();
        return;
      case "fail":
        this.#fail(FAILURES[happening.how]());
        return;
      case "bookmark":
        this.#bookmark();
        return;
      case "end":
        if (this.#position !== undefined) {
          this.#position = undefined;
          this.machine.ended(0);
        }
        return;
      case "go":
        this.go();
    }
  }

  /** A server sends one to whoever has seen everything. */
  #bookmark(): void {
    const { version } = this.server;
    if (this.#position !== undefined && this.server.hasAll(this.#position)) {
      this.#position = String(version);
      this.machine.happened({ type: "BOOKMARK", resourceVersion: this.#position });
    }
  }

  /** One step of the machine, or one event of the watch that is open. */
  go(): void {
    try {
      if (this.#position !== undefined) {
        this.#next(this.#position);
        return;
      }
      const step = this.machine.next();
      if (step.do === "wait") {
        this.waited += step.ms;
      } else if (step.do === "list") {
        this.#copied(this.machine.listed(this.server.list(Math.min(step.limit, 2), step.continueFrom)));
      } else {
        this.server.since(step.resourceVersion);
        this.#position = step.resourceVersion;
        this.machine.opened();
      }
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #next(position: string): void {
    const [next] = this.server.since(position);
    if (next !== undefined) {
      this.#position = String(next.version);
      const key = this.machine.happened(next.event);
      this.#copied(key === undefined ? [] : [key]);
    }
  }

  #fail(error: Error): void {
    this.#position = undefined;
    this.#copied(this.machine.failed(error));
  }

  #copied(keys: readonly string[]): void {
    for (const key of keys) {
      const object = this.machine.objects.get(key);
      if (object === undefined) {
        this.copy.delete(key);
      } else {
        this.copy.set(key, object);
      }
    }
  }

  settle(): void {
    for (let i = 0; i < 60; i++) {
      this.go();
    }
  }
}

function versions(objects: ReadonlyMap<string, KubernetesObject>): Record<string, string> {
  return Object.fromEntries(
    [...objects].map(([key, { metadata }]) => [key, metadata.resourceVersion]).sort(),
  );
}

test("whatever happens, it ends with what the server has, and has told of every change", () => {
  fc.assert(
    fc.property(
      fc.array(happening, { maxLength: 120 }),
      fc.noShrink(fc.double({ min: 0, max: 0.99 })),
      (script, random) => {
        const run = new Run(() => random);
        for (const one of script) {
          run.take(one);
          // At no time has somebody who listens something else than the machine.
          expect(versions(run.copy)).toEqual(versions(run.machine.objects));
        }
        run.settle();
        expect(versions(run.machine.objects)).toEqual(versions(run.server.objects));
        expect(versions(run.copy)).toEqual(versions(run.server.objects));
        expect(run.machine.problem).toBeUndefined();
      },
    ),
    { numRuns: 500 },
  );
});

test("cuts, restarts and a busy server ask for no list", () => {
  const harmless = fc.oneof(
    fc.record({ do: fc.constant("write" as const), name: fc.constantFrom(...NAMES) }),
    fc.record({ do: fc.constantFrom("go" as const, "end" as const, "bookmark" as const) }),
    fc.record({
      do: fc.constant("fail" as const),
      how: fc.constantFrom("cut" as const, "busy" as const, "unavailable" as const, "unauthorized" as const),
    }),
  );
  fc.assert(
    fc.property(fc.array(harmless, { maxLength: 100 }), (script) => {
      const run = new Run();
      run.settle();
      for (const one of script) {
        run.take(one);
      }
      run.settle();
      expect(run.server.lists).toBe(1);
    }),
  );
});

test("410 asks for one list, after a pause that spreads those of many", () => {
  const pauses = [0, 0.25, 0.99].map((random) => {
    const run = new Run(() => random);
    run.settle();
    run.take({ do: "fail", how: "cut" });
    run.server.write("a");
    run.server.forget();
    run.settle();
    expect(run.server.lists).toBe(2);
    return run.waited;
  });
  expect(new Set(pauses).size).toBe(pauses.length);
});

test("the pauses of a server that stays away grow, and are never longer than some seconds", () => {
  const { machine } = new Run();
  const pauses: number[] = [];
  for (let i = 0; i < 12; i++) {
    machine.failed(FAILURES.cut());
    const step = machine.next();
    pauses.push(step.do === "wait" ? step.ms : 0);
  }
  expect(pauses.slice(0, 4)).toEqual([200, 400, 800, 1600]);
  expect(Math.max(...pauses)).toBe(15_000);
});

test("Retry-After is obeyed", () => {
  const run = new Run();
  run.machine.failed(FAILURES.busy());
  expect(run.machine.next()).toMatchObject({ do: "wait", ms: 1200 });
});

test("a page that is too large is asked for in smaller ones, down to one object", () => {
  const { machine } = new Run();
  const limits: number[] = [];
  for (let i = 0; i < 5; i++) {
    const step = machine.next();
    limits.push(step.do === "list" ? step.limit : 0);
    machine.failed(FAILURES.tooLarge());
  }
  expect(limits).toEqual([500, 63, 8, 1, 0]);
});

test("a list whose pages expire is begun again in fewer pages", () => {
  const { machine } = new Run();
  machine.listed({ items: [], resourceVersion: "1", continueFrom: "x" });
  machine.failed(expired());
  expect([machine.next(), machine.next()]).toMatchObject([{ do: "wait" }, { do: "list", limit: 1000 }]);
  expect(machine.next()).not.toHaveProperty("continueFrom");
});

test("what went while a list was begun in vain is not in the next one", () => {
  const run = new Run();
  for (const name of NAMES) {
    run.server.write(name);
  }
  run.go();
  run.server.remove("a");
  run.server.forget();
  run.settle();
  expect([...run.machine.objects.keys()].sort()).toEqual(["x/b", "x/c", "x/d", "x/e"]);
});

test("a kind that is missing for a moment takes nothing away; one that stays so does", () => {
  const run = new Run();
  run.server.write("a");
  run.settle();
  run.take({ do: "fail", how: "missing" });
  run.take({ do: "fail", how: "missing" });
  expect([...run.copy.keys()]).toEqual(["x/a"]);
  expect(run.problems).toEqual([]);
  run.take({ do: "fail", how: "missing" });
  expect([...run.copy.keys()]).toEqual([]);
  expect(run.machine.knowledge).toBe("missing");
  run.take({ do: "fail", how: "missing" });
  expect(run.problems).toHaveLength(1);
});

test("a server that starts, and knows neither kinds nor rights for a moment, is asked for no list", () => {
  for (const how of ["missing", "forbidden"] as const) {
    const run = new Run();
    run.server.write("a");
    run.settle();
    run.take({ do: "fail", how });
    run.take({ do: "fail", how });
    run.settle();
    expect(run.server.lists, how).toBe(1);
  }
});

test("a right that is taken away takes nothing that was seen, and the line names the rule to add", () => {
  const run = new Run();
  run.server.write("a");
  run.settle();
  for (let i = 0; i < 5; i++) {
    run.take({ do: "fail", how: "forbidden" });
  }
  expect([...run.copy.keys()]).toEqual(["x/a"]);
  expect(run.problems).toHaveLength(1);
  expect(run.problems[0]).toContain(
    '  - apiGroups: ["networking.istio.io"]\n    resources: ["virtualservices"]\n    verbs: ["get", "list", "watch"]',
  );
});

test("what cannot be said at the start is known at once", () => {
  for (const how of ["missing", "forbidden"] as const) {
    const run = new Run();
    run.take({ do: "fail", how });
    expect(run.machine.knowledge).toBe(how);
    expect(run.problems).toHaveLength(1);
  }
});

test("a version that is later than the server's ends in a list", () => {
  const run = new Run();
  run.settle();
  for (let i = 0; i < 3; i++) {
    const details = { causes: [{ reason: "ResourceVersionTooLarge" }] };
    run.machine.failed(new ApiError(504, "Too large resource version", { details }));
  }
  run.machine.next();
  expect(run.machine.next()).toMatchObject({ do: "list" });
});

test("a cut that is over is not worth a line", () => {
  const run = new Run();
  run.settle();
  run.take({ do: "fail", how: "cut" });
  run.settle();
  expect(run.problems).toEqual([]);
});
