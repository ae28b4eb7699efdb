/**
 * What is left of older rules when newer ones serve, and the step that takes it away. How long each thing stays is decided
 * elsewhere (`retirement.ts`); here is only what it is.
 */

import type { Resource, ResourceSet, ResourceType } from "../../back/xds/resource-set.ts";
import { onceForTwo } from "../ads/once-for-two.ts";
import { differenceOf } from "./difference.ts";
import type { Step } from "./steps.ts";
import { bothOf, routesWith } from "./superset.ts";

/** Something that only older rules use: a resource, or a route class of a listener that stays. */
export interface Leftover {
  readonly type: ResourceType | "class";
  readonly name: string;
  /** Of a class. */
  readonly listener?: string;
}

export function leftoverKey({ type, name, listener = "" }: Leftover): string {
  return `${type} ${listener} ${name}`;
}

/** What a set has that newer rules do not use. */
export const leftoversOf = onceForTwo(findLeftovers);

function findLeftovers(current: ResourceSet, wanted: ResourceSet): readonly Leftover[] {
  const leftovers: Leftover[] = differenceOf(current, wanted).removed.map(({ type, name }) => ({
    type,
    name,
  }));
  for (const [listener, { classes }] of current.routes) {
    const used = wanted.routes.get(listener)?.classes;
    for (const name of used === undefined ? [] : (classes?.keys() ?? [])) {
      if (!used?.has(name)) {
        leftovers.push({ type: "class", listener, name });
      }
    }
  }
  return leftovers;
}

/**
 * From what an Envoy has to what newer rules use and what `stays`; `undefined` when it has no more than that. Filters that
 * only older rules need go at once: a request keeps those that it has begun with.
 */
export function planRemoval(
  current: ResourceSet,
  wanted: ResourceSet,
  stays: (leftover: Leftover) => boolean,
): Step | undefined {
  return plansOf(current, wanted).keeping(leftoversOf(current, wanted).filter(stays).map(leftoverKey));
}

/** Of many Envoys that had the same, the same goes at a time. */
const plansOf = onceForTwo((current: ResourceSet, wanted: ResourceSet) => new RemovalPlans(current, wanted));

class RemovalPlans {
  readonly #current: ResourceSet;
  readonly #wanted: ResourceSet;
  /** By what stays. */
  readonly #plans = new Map<string, Step | undefined>();

  constructor(current: ResourceSet, wanted: ResourceSet) {
    this.#current = current;
    this.#wanted = wanted;
  }

  keeping(keys: readonly string[]): Step | undefined {
    const id = keys.join("\n");
    if (!this.#plans.has(id)) {
      this.#plans.set(id, this.#plan(new Set(keys)));
    }
    return this.#plans.get(id);
  }

  #plan(kept: ReadonlySet<string>): Step | undefined {
    const [current, wanted] = [this.#current, this.#wanted];
    const withKept = <Type extends ResourceType>(type: Type): ResourceSet[Type] => {
      const older = [...(current[type] as ReadonlyMap<string, Resource<Type>>)];
      const staying = older.filter(([name]) => kept.has(leftoverKey({ type, name })));
      return bothOf(
        new Map(staying),
        wanted[type] as ReadonlyMap<string, Resource<Type>>,
      ) as ResourceSet[Type];
    };
    const to: ResourceSet = {
      cluster: withKept("cluster"),
      endpoints: withKept("endpoints"),
      secret: withKept("secret"),
      extension: withKept("extension"),
      listener: withKept("listener"),
      routes: new Map(
        [...withKept("routes")].map(([name, routes]) => {
          const isKept = (one: string) => kept.has(leftoverKey({ type: "class", listener: name, name: one }));
          return [name, routesWith(routes, current.routes.get(name), isKept)] as const;
        }),
      ),
    };
    const { changed, removed } = differenceOf(current, to);
    return changed.length + removed.length === 0 ? undefined : { name: "removal", from: current, to };
  }
}
