/**
 * The endpoints of one scope between two compilations. A change of endpoints compiles nothing: the endpoints of the services
 * that it touches are made again, by the code that the compiler makes them by, and everything else that the scope is told
 * is shared with what it was told before. It knows nothing of time, of proxies, or of who watches the source.
 */

import type { ResourceSet } from "../../back/xds/resource-set.ts";
import { withEndpoints } from "../../back/xds/resources.ts";
import type { Compilation } from "../../compile.ts";
import type { EndpointChange } from "../../front/istio/endpoints/endpoint-change.ts";
import { EndpointLowering } from "../../front/istio/endpoints/endpoint-lowering.ts";
import type { ResourceSet as Input } from "../../front/resources/model.ts";
import type { Cluster } from "../../ir/ir.ts";
import type { ProxyOptions } from "../../options.ts";

/** What came of a change. */
export interface ChangedEndpoints {
  /** What the scope is told now; the very set from before when the change is none for it. */
  readonly resources: ResourceSet;
  /** For the next change. */
  readonly endpoints: ScopeEndpoints;
}

export class ScopeEndpoints {
  readonly #lowering: EndpointLowering;
  readonly #clusters: ReadonlyMap<string, Cluster>;

  private constructor(lowering: EndpointLowering, clusters: ReadonlyMap<string, Cluster>) {
    this.#lowering = lowering;
    this.#clusters = clusters;
  }

  /** `input`: what was compiled. */
  static of(
    { config, clusterParts }: Pick<Compilation, "config" | "clusterParts">,
    input: Input,
    options: ProxyOptions,
  ): ScopeEndpoints {
    return new ScopeEndpoints(
      new EndpointLowering(input, options, clusterParts),
      new Map(config.clusters.map((cluster) => [cluster.name, cluster])),
    );
  }

  /**
   * `undefined`: for this scope, the change is one of more than endpoints, and has to be compiled. `told`: what the scope
   * is told so far.
   */
  after(change: EndpointChange, told: ResourceSet): ChangedEndpoints | undefined {
    const changed = this.#lowering.changedClusters(change, this.#clusters);
    const resources = changed && withEndpoints(told, changed);
    if (changed === undefined || resources === undefined) {
      return undefined;
    }
    if (changed.length === 0) {
      return { resources, endpoints: this };
    }
    const clusters = new Map(this.#clusters);
    for (const cluster of changed) {
      clusters.set(cluster.name, cluster);
    }
    return { resources, endpoints: new ScopeEndpoints(this.#lowering, clusters) };
  }
}
