/**
 * Sums over proxies that come, restart, are cut off and go, held against what each process is known to have counted: between its last
 * report that came, and the moment from which this server knows it.
 */

import fc from "fast-check";
import { expect, test } from "vitest";
import { FleetSums } from "./fleet-sums.ts";
import { configOf, counter, RULES } from "./served.fixture.ts";
import type { StatisticsReport } from "./statistics-report.ts";

const NAMES = RULES.map((rule) => counter({ rule }));
const PROXIES = ["a", "b", "c"];
const SCOPES = ["one", "two"];

/** A process of an Envoy. */
class Process {
  readonly startedAt: number;
  readonly counts = new Map<string, number>();
  /** What it had counted when its last report came. */
  delivered = new Map<string, number>();
  /** What it had counted when this server began to count it; `undefined`: it has not. */
  base: ReadonlyMap<string, number> | undefined;
  hadNothing = true;

  constructor(startedAt: number) {
    this.startedAt = startedAt;
  }
}

type Op =
  | { readonly kind: "requests"; readonly proxy: number; readonly rule: number; readonly count: number }
  | { readonly kind: "report"; readonly proxy: number; readonly fate: "comes" | "lost" | "late" }
  | { readonly kind: "restart"; readonly proxy: number; readonly forgotten: boolean }
  | { readonly kind: "reconnect"; readonly proxy: number; readonly forgotten: boolean }
  | { readonly kind: "move"; readonly proxy: number; readonly scope: number }
  | { readonly kind: "server" };

const proxy = fc.nat(PROXIES.length - 1);
const op: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("requests" as const),
      proxy,
      rule: fc.nat(NAMES.length - 1),
      count: fc.integer({ min: 1, max: 50 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("report" as const),
      proxy,
      fate: fc.constantFrom("comes" as const, "lost" as const, "late" as const),
    }),
  },
  fc.record({ kind: fc.constant("restart" as const), proxy, forgotten: fc.boolean() }),
  fc.record({ kind: fc.constant("reconnect" as const), proxy, forgotten: fc.boolean() }),
  fc.record({ kind: fc.constant("move" as const), proxy, scope: fc.nat(SCOPES.length - 1) }),
  fc.record({ kind: fc.constant("server" as const) }),
);

test("nothing is lost, and nothing counted twice", () => {
  fc.assert(
    fc.property(fc.array(op, { maxLength: 80 }), (ops) => {
      const fleet = new Model();
      for (const one of ops) {
        fleet.do(one);
      }
      fleet.settle();
      expect(Object.fromEntries(fleet.sums.of())).toEqual(fleet.expected);
      const scopes = fleet.sums.scopes.map((scope) => fleet.sums.of(scope));
      for (const name of NAMES) {
        const inScopes = scopes.reduce((sum, scope) => sum + (scope.get(name) ?? 0), 0);
        expect(inScopes).toBe(fleet.expected[name] ?? 0);
      }
    }),
  );
});

class Model {
  sums = new FleetSums();
  #now = 1_800_000_000_000;
  #processes: Process[] = PROXIES.map(() => new Process(this.#now));
  readonly #scopes = PROXIES.map(() => SCOPES[0]!);
  /** Of processes that are gone. */
  #past = new Map<string, number>();
  #late: StatisticsReport[] = [];

  constructor() {
    this.#serve();
    PROXIES.forEach((_, i) => {
      this.#join(i);
    });
  }

  get expected(): Record<string, number> {
    const sums = new Map(this.#past);
    for (const process of this.#processes) {
      add(sums, process);
    }
    return Object.fromEntries(sums);
  }

  do(op: Op): void {
    this.#now += op.kind === "restart" ? 5_000 : 100;
    switch (op.kind) {
      case "requests": {
        const { counts } = this.#processes[op.proxy]!;
        const name = NAMES[op.rule]!;
        counts.set(name, (counts.get(name) ?? 0) + op.count);
        break;
      }
      case "report": {
        const report = this.#reportOf(op.proxy);
        if (op.fate === "comes") {
          this.#deliver(op.proxy, report);
        } else if (op.fate === "late") {
          this.#late.push(report);
        }
        break;
      }
      case "restart":
        add(this.#past, this.#processes[op.proxy]!);
        this.#processes[op.proxy] = new Process(this.#now);
        this.#return(op.proxy, op.forgotten);
        break;
      case "reconnect":
        this.#return(op.proxy, op.forgotten);
        break;
      case "move":
        this.#scopes[op.proxy] = SCOPES[op.scope]!;
        break;
      case "server":
        this.sums = new FleetSums();
        this.#serve();
        this.#past = new Map();
        this.#processes.forEach((process, i) => {
          process.base = undefined;
          this.#join(i);
        });
        break;
    }
    if (op.kind === "report" && op.fate === "comes") {
      // What was overtaken comes at last, and changes nothing.
      for (const report of this.#late.filter(({ proxyId }) => proxyId === PROXIES[op.proxy])) {
        this.sums.report(report, SCOPES[0]!);
      }
      this.#late = this.#late.filter(({ proxyId }) => proxyId !== PROXIES[op.proxy]);
    }
  }

  /** Everybody reports once more. */
  settle(): void {
    this.#now += 5_000;
    PROXIES.forEach((_, i) => {
      this.#deliver(i, this.#reportOf(i));
    });
  }

  #serve(): void {
    this.sums.serve([configOf(RULES)], new Set(SCOPES));
  }

  #join(i: number): void {
    const process = this.#processes[i]!;
    if (process.hadNothing) {
      process.base = new Map();
    }
    this.sums.joined(PROXIES[i]!, process.hadNothing);
    process.hadNothing = false;
  }

  #return(i: number, forgotten: boolean): void {
    const process = this.#processes[i]!;
    if (forgotten) {
      this.sums.forget(PROXIES[i]!);
      add(this.#past, process);
      process.base = undefined;
    }
    this.#join(i);
  }

  #reportOf(i: number): StatisticsReport {
    const { counts, startedAt } = this.#processes[i]!;
    const statistics = [...counts].map(([name, value]) => ({ name, value }));
    return { proxyId: PROXIES[i]!, at: this.#now, startedAt, statistics };
  }

  #deliver(i: number, report: StatisticsReport): void {
    const process = this.#processes[i]!;
    process.delivered = new Map(process.counts);
    process.base ??= new Map(process.counts);
    this.sums.report(report, this.#scopes[i]!);
  }
}

function add(sums: Map<string, number>, { base, delivered }: Process): void {
  for (const [name, count] of base === undefined ? [] : delivered) {
    const more = count - (base!.get(name) ?? 0);
    if (more > 0) {
      sums.set(name, (sums.get(name) ?? 0) + more);
    }
  }
}
