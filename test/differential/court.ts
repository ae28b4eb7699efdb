/**
 * Where pairs are judged: puts scenarios into one Envoy, asks both targets for each request, and says where they
 * differ. A difference counts when it is there each time the pair is asked again, so that a slow machine is none.
 */

import { setTimeout as sleep } from "node:timers/promises";
import { WORLD } from "../conformance/format.ts";
import { askHttp2, Connection } from "../harness/client.ts";
import { leakedHeaders } from "../harness/expect.ts";
import { type Applied, Mesh } from "../harness/mesh.ts";
import type { UpstreamRequest } from "../harness/upstream.ts";
import {
  comparable,
  destinationOf,
  differencesOf,
  failed,
  type Outcome,
  outcomeOf,
  PAIR_HEADER,
} from "./outcome.ts";
import { type Recipe, type Request, requestFor } from "./requests.ts";
import type { PlacedScenario } from "./rules.ts";
import { documentsOf, GATEWAY, serviceOf } from "./scenario.ts";
import { Twin } from "./twin.ts";

/** A scenario and the requests to ask of it. */
export interface Suit {
  readonly placed: PlacedScenario;
  readonly recipes: readonly Recipe[];
}

export interface Finding {
  readonly suit: number;
  readonly recipe: number;
  readonly request: Request;
  readonly lines: readonly string[];
  /** The last outcome of each; where there is a split, one of several. */
  readonly native: Outcome;
  readonly wasm: Outcome;
}

export interface Verdict {
  readonly pairs: number;
  readonly findings: readonly Finding[];
  /** Pairs that differed, and did not when they were asked again. */
  readonly passing: number;
  /** Scenarios that the compiler refused, with its words. */
  readonly refused: ReadonlyMap<number, readonly string[]>;
  /** How many pairs ended in what way. */
  readonly ways: ReadonlyMap<string, number>;
}

type Side = "native" | "wasm";

interface Asked {
  /** By which the stubs know it. */
  readonly id: string;
  readonly outcome: Outcome;
}

interface Comparison {
  readonly lines: readonly string[];
  readonly native: Asked;
  readonly wasm: Asked;
}

interface Pair {
  readonly suit: number;
  readonly recipe: number;
  readonly request: Request;
  readonly ports: Readonly<Record<Side, number>>;
}

const PARALLEL = 16;
/** Asked again so often before a difference counts. */
const AGAIN = 3;
/** Asks of a request that may go to several destinations, until both sides have given the same answers. */
const MOST_ASKS = 200;
/** When each side gave one and the same answer so often, and not that of the other, it has no other to give. */
const LEAST_ASKS = 12;
/** Nobody waits for the copy that a mirror gets. */
const COPIES_MS = 120;

export class Court {
  /** How many scenarios can be judged at once. */
  readonly places: number;
  readonly #mesh: Mesh;
  readonly #twin: Twin;
  readonly #connections = new Map<number, Connection[]>();
  #asked = 0;

  private constructor(mesh: Mesh, twin: Twin, places: number) {
    this.#mesh = mesh;
    this.#twin = twin;
    this.places = places;
  }

  static async open(places: number): Promise<Court> {
    const twin = new Twin();
    return new Court(await Mesh.create({ target: "wasm", emit: twin.emit }), twin, places);
  }

  async close(): Promise<void> {
    this.#disconnect();
    await this.#mesh.close();
  }

  clusterOf({ upstream }: Outcome): string {
    return upstream === undefined ? "none" : (this.#mesh.clustersOf(upstream.endpoint)[0] ?? "none");
  }

  async judge(suits: readonly Suit[]): Promise<Verdict> {
    const { applied, refused } = await this.#apply(suits);
    const pairs = suits.flatMap(({ placed, recipes }, suit): Pair[] => {
      if (refused.has(suit)) {
        return [];
      }
      const wasm = applied.ports.get(placed.at);
      if (wasm === undefined) {
        throw new Error(`no listener ${placed.at}`);
      }
      const ports = { wasm, native: this.#twin.nativePort(placed.at) };
      return recipes.map((recipe, index) => ({
        suit,
        recipe: index,
        request: requestFor(placed, recipe, suit),
        ports,
      }));
    });
    const compared = new Map<Pair, Comparison>();
    const queue = [...pairs];
    const work = async () => {
      for (let pair = queue.shift(); pair !== undefined; pair = queue.shift()) {
        compared.set(pair, await this.#compare(pair));
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, work));
    await sleep(COPIES_MS);

    const seen = this.#seen();
    const findings: Finding[] = [];
    const ways = new Map<string, number>();
    let passing = 0;
    for (const [pair, comparison] of compared) {
      let lines = [...comparison.lines, ...copyDifferences(comparison, seen)];
      let last = comparison;
      for (let i = 0; i < AGAIN && lines.length > 0; i++) {
        last = await this.#compare(pair);
        await sleep(COPIES_MS * 10 ** i);
        lines = [...last.lines, ...copyDifferences(last, this.#seen())];
        if (lines.length === 0) {
          passing += 1;
        }
      }
      if (lines.length > 0) {
        const { suit, recipe, request } = pair;
        findings.push({
          suit,
          recipe,
          request,
          lines,
          native: last.native.outcome,
          wasm: last.wasm.outcome,
        });
      }
      const way = wayOf(comparison.native.outcome);
      ways.set(way, (ways.get(way) ?? 0) + 1);
    }
    const leaked = leakedHeaders(this.#mesh.upstream.requests.map(({ headers }) => headers));
    if (leaked.length > 0) {
      throw new Error([...new Set(leaked)].join(", "));
    }
    this.#disconnect();
    return { pairs: pairs.length, findings, passing, refused, ways };
  }

  /** Leaves out the scenarios with errors, which would stop the rest. */
  async #apply(
    suits: readonly Suit[],
  ): Promise<{ applied: Applied; refused: Map<number, readonly string[]> }> {
    const refused = new Map<number, string[]>();
    const services = Array.from({ length: this.places }, (_, place) => serviceOf(place)).join("---\n");
    const common = [WORLD, GATEWAY, services];
    for (;;) {
      const kept = [...suits.keys()].filter((suit) => !refused.has(suit));
      const documents = kept.map((suit) => documentsOf(suits[suit]!.placed.scenario, suit));
      const applied = await this.#mesh.apply([...common, ...documents], {
        proxy: { proxyNamespace: "shop" },
      });
      if (applied.compilation !== undefined) {
        return { applied, refused };
      }
      const before = refused.size;
      for (const { level, file: name, message } of applied.diagnostics) {
        if (level !== "error") {
          continue;
        }
        const file = Number(/(\d+)\.yaml$/.exec(name ?? "")?.[1]);
        const suit = kept[file - common.length];
        if (suit === undefined) {
          throw new Error(message);
        }
        refused.set(suit, [...(refused.get(suit) ?? []), message]);
      }
      if (refused.size === before) {
        throw new Error("the rules do not compile, and no scenario is at fault");
      }
    }
  }

  /** Asks once; where the answers differ, as often as it takes to know all that each side may answer. */
  async #compare({ request, ports }: Pair): Promise<Comparison> {
    const seen = { native: new Map<string, Outcome>(), wasm: new Map<string, Outcome>() };
    for (let i = 1; ; i++) {
      const [native, wasm] = await Promise.all([
        this.#ask(ports.native, request, "native"),
        this.#ask(ports.wasm, request, "wasm"),
      ]);
      seen.native.set(JSON.stringify(native.outcome), native.outcome);
      seen.wasm.set(JSON.stringify(wasm.outcome), wasm.outcome);
      if (sameKeys(seen.native, seen.wasm)) {
        return { lines: [], native, wasm };
      }
      const settled = i >= LEAST_ASKS && seen.native.size === 1 && seen.wasm.size === 1;
      if (settled || i >= MOST_ASKS) {
        const lines = differencesOf(byDestination(seen.native), byDestination(seen.wasm));
        return { lines, native, wasm };
      }
    }
  }

  async #ask(port: number, request: Request, side: Side): Promise<Asked> {
    const id = `${++this.#asked}-${side}`;
    const marked = {
      ...request,
      headers: { ...request.headers, [PAIR_HEADER]: id, "x-echo-key": id },
    };
    try {
      return { id, outcome: await this.#send(port, marked) };
    } catch (error) {
      return { id, outcome: failed(error as Error) };
    }
  }

  async #send(port: number, request: Request): Promise<Outcome> {
    if (request.http === "2") {
      return outcomeOf(await askHttp2(port, request));
    }
    const idle = this.#connections.get(port) ?? [];
    this.#connections.set(port, idle);
    const connection = idle.pop() ?? (await Connection.open(port));
    const response = await connection.request(request);
    // Envoy sends the body of a direct response even with a status that has none: nobody can read on after it.
    const bare = response.status === 204 || response.status === 304;
    if (bare || response.headers.connection?.includes("close")) {
      connection.close();
    } else {
      idle.push(connection);
    }
    return outcomeOf(response);
  }

  /** What the stubs have seen of each request. */
  #seen(): ReadonlyMap<string, readonly UpstreamRequest[]> {
    const result = new Map<string, UpstreamRequest[]>();
    for (const request of this.#mesh.upstream.requests) {
      const id = request.headers[PAIR_HEADER] ?? "";
      const known = result.get(id);
      if (known === undefined) {
        result.set(id, [request]);
      } else {
        known.push(request);
      }
    }
    return result;
  }

  #disconnect(): void {
    for (const connection of [...this.#connections.values()].flat()) {
      connection.close();
    }
    this.#connections.clear();
  }
}

/** Tries and copies for mirrors of two requests that were answered alike, in any order. */
function copyDifferences(
  { lines, native, wasm }: Comparison,
  seen: ReadonlyMap<string, readonly UpstreamRequest[]>,
): string[] {
  // Of a split, the two may have drawn differently.
  if (lines.length > 0 || JSON.stringify(native.outcome) !== JSON.stringify(wasm.outcome)) {
    return [];
  }
  // An answer of the proxy's own (a timeout, say) does not tell which destination was drawn: only the number counts.
  const isDrawn = native.outcome.upstream !== undefined;
  const requests = (id: string) =>
    (seen.get(id) ?? []).map((request) => (isDrawn ? JSON.stringify(comparable(request)) : "one")).sort();
  return differencesOf(requests(native.id), requests(wasm.id), "requests at upstreams");
}

function sameKeys(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): boolean {
  return a.size === b.size && [...a.keys()].every((key) => b.has(key));
}

/** A destination stands once for each way in which it was asked: a split may have it twice. */
function byDestination(outcomes: ReadonlyMap<string, Outcome>): Record<string, Outcome> {
  const result: Record<string, Outcome> = {};
  for (const [, outcome] of [...outcomes].sort(([a], [b]) => (a < b ? -1 : 1))) {
    let name = destinationOf(outcome);
    while (name in result) {
      name += "'";
    }
    result[name] = outcome;
  }
  return result;
}

function wayOf({ upstream, status, body }: Outcome): string {
  if (upstream !== undefined) {
    return "forwarded";
  }
  if (body === "fault filter abort") {
    return "aborted";
  }
  if (status >= 300 && status < 400) {
    return "redirected";
  }
  return status === 0 ? "no answer" : `answered ${status}`;
}
