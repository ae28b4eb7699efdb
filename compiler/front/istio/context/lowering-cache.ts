/**
 * What one lowering leaves to the next of the same proxy: while rules are watched, nearly all of them stay as they are.
 * Whoever compiles again and again keeps one for each proxy; without one, everything is made anew. Nothing of the
 * lowering outlives a compilation anywhere else.
 */

import type { Route, VirtualHost } from "../../../ir/ir.ts";
import { FaultlessList } from "../../../lists/faultless-list.ts";
import { areSame } from "../../../lists/list-change.ts";
import type { ProxyOptions } from "../../../options.ts";
import type {
  GatewaySpec,
  Resource,
  ResourceSet,
  Server,
  VirtualServiceSpec,
} from "../../resources/model.ts";
import { type Environment, ingredients, makeEnvironment } from "./environment.ts";
import type { DocumentPlace, LoweredRoutes } from "./lowered-routes.ts";
import { SharedLowering } from "./shared-lowering.ts";
import type { Site } from "./site.ts";

export class LoweringCache {
  /** With all other proxies of the mesh. */
  readonly shared: SharedLowering;
  #last: { readonly environment: Environment; readonly madeOf: readonly unknown[] } | undefined;

  constructor(shared = new SharedLowering()) {
    this.shared = shared;
  }

  /** The rules of the last lowering. */
  virtualServices: readonly Resource<VirtualServiceSpec>[] = [];

  /** Routes by the document that has the hosts; one entry for each site. */
  readonly routes = new WeakMap<object, KnownRoutes[]>();

  /** Virtual hosts of a Gateway by the routes that are all they have, which are of one port. */
  readonly virtualHosts = new WeakMap<readonly Route[], VirtualHost[]>();

  /** What servers that are alone on their port made of all their rules. */
  readonly serverHosts = new WeakMap<Server, KnownServerHosts>();

  /** Rules that ask for nothing that is not supported. */
  readonly supportedRules = new FaultlessList();

  /** Rules whose Gateways are all there, and serve them. */
  readonly servedRules = new FaultlessList();

  /** The same object as the last time when nothing that it is made of has changed: whoever sees it again knows that. */
  environmentOf(resources: ResourceSet, options: ProxyOptions): Environment {
    const madeOf = ingredients(resources, options, this.shared);
    if (this.#last !== undefined && areSame(this.#last.madeOf, madeOf)) {
      return this.#last.environment;
    }
    const environment = makeEnvironment(resources, options, this.shared);
    this.#last = { environment, madeOf };
    return environment;
  }
}

/** Of a VirtualService: whose it is, and its hosts, fully qualified. */
export interface HostsOfRules {
  readonly hosts: readonly string[];
  readonly resource: { readonly namespace: string };
}

/** The virtual hosts of a server, in their order, and all that they depend on. */
export interface KnownServerHosts {
  readonly gateway: Resource<GatewaySpec>;
  readonly environment: Environment;
  readonly rules: readonly HostsOfRules[];
  /** Of each of the rules; undefined where the server has none of its hosts. */
  readonly lowered: readonly (LoweredRoutes | undefined)[];
  readonly virtualHosts: readonly VirtualHost[];
}

/** Routes that were lowered, and all that they depend on. */
export interface KnownRoutes {
  readonly site: Site;
  readonly environment: Environment;
  /** The resources that were put together. */
  readonly sources: readonly DocumentPlace[];
  readonly lowered: LoweredRoutes;
}
