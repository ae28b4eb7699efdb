/**
 * What one lowering leaves to the next of the same proxy: while rules are watched, nearly all of them stay as they are.
 * Whoever compiles again and again keeps one for each proxy; without one, everything is made anew. Nothing of the
 * lowering outlives a compilation anywhere else.
 */

import type { SourceFile } from "../../../diagnostics/span.ts";
import type { Omission, Route } from "../../../ir/ir.ts";
import type { ProxyOptions } from "../../../options.ts";
import type { ResourceSet } from "../../resources/model.ts";
import type { Effects } from "./effects.ts";
import { type Environment, ingredients, makeEnvironment } from "./environment.ts";
import type { Site } from "./site.ts";

export class LoweringCache {
  #last: { readonly environment: Environment; readonly madeOf: readonly unknown[] } | undefined;

  /** Routes by the document that has the hosts; one entry for each site. */
  readonly routes = new WeakMap<object, KnownRoutes[]>();

  /** The same object as the last time when nothing that it is made of has changed: whoever sees it again knows that. */
  environmentOf(resources: ResourceSet, options: ProxyOptions): Environment {
    const madeOf = ingredients(resources, options);
    const last = this.#last;
    if (last?.madeOf.length === madeOf.length && last.madeOf.every((one, i) => one === madeOf[i])) {
      return last.environment;
    }
    const environment = makeEnvironment(resources, options);
    this.#last = { environment, madeOf };
    return environment;
  }
}

/** What the rules of a VirtualService come to at a site. No routes: it has nothing to say there. */
export interface LoweredRoutes {
  readonly routes: readonly Route[];
  /** In the order of the rules. */
  readonly omitted: readonly Omission[];
  readonly effects: Effects;
}

/** Routes that were lowered, and all that they depend on. */
export interface KnownRoutes {
  readonly site: Site;
  readonly environment: Environment;
  /** The resources that were put together. */
  readonly sources: readonly DocumentPlace[];
  readonly lowered: LoweredRoutes;
}

/** A document, and where it stood: two that are equal are one document. */
export interface DocumentPlace {
  readonly document: object | undefined;
  readonly file: SourceFile;
  readonly offset: number | undefined;
}
