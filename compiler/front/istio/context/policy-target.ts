/** A proxy as the policies see it that select workloads. */

import type { Role } from "../../../ir/ir.ts";
import { DEFAULT_PROXY_OPTIONS, type ProxyOptions } from "../../../options.ts";
import type { ResourceSet } from "../../resources/model.ts";
import { meshDocuments } from "../../services/mesh-settings.ts";
import { labelsOfProxy } from "../../services/proxy-labels.ts";
import { selectedGateways } from "./selected-gateways.ts";

export interface PolicyTarget {
  readonly labels: Readonly<Record<string, string>>;
  readonly namespace: string;
  /** Where policies are for all namespaces. */
  readonly rootNamespace: string;
  /** The namespace was not told: a policy that names this proxy's labels may be beside it wherever it is. */
  readonly mayBeElsewhere: boolean;
  /** `namespace/name` of the Gateways that select it. */
  readonly gateways: ReadonlySet<string>;
  /** The listeners that it has. */
  readonly roles: readonly Role[];
}

export function policyTarget(resources: ResourceSet, options: ProxyOptions): PolicyTarget {
  const { proxyNamespace, meshPort, meshListeners } = options;
  const gateways = selectedGateways(resources, options);
  const roles: Role[] = [
    ...(gateways.length > 0 ? (["gateway"] as const) : []),
    ...(meshPort !== 0 || meshListeners ? (["mesh"] as const) : []),
  ];
  return {
    labels: labelsOfProxy(options),
    namespace: proxyNamespace,
    rootNamespace: meshDocuments(resources).settings.rootNamespace,
    mayBeElsewhere: proxyNamespace === DEFAULT_PROXY_OPTIONS.proxyNamespace,
    gateways: new Set(gateways.map(({ namespace, name }) => `${namespace}/${name}`)),
    roles,
  };
}
