/** The label by which workloads tell that they have a sidecar, which takes the mesh's own TLS. An injector writes it, hardly ever a person. */

import type { ResourceSet } from "../resources/model.ts";

export const SIDECAR_LABEL = "security.istio.io/tlsMode";
export const HAS_SIDECAR = "istio";

/** Whether some workload tells it: where none does, those that have a sidecar cannot be told from the others. */
export function knowsSidecars({
  pods,
  workloadEntries,
  serviceEntries,
}: Pick<ResourceSet, "pods" | "workloadEntries" | "serviceEntries">): boolean {
  return (
    pods.some(({ labels }) => isTold(labels)) ||
    workloadEntries.some(({ labels, spec }) => [labels, spec.labels ?? {}].some(isTold)) ||
    serviceEntries.some(({ spec }) => spec.endpoints?.some(({ labels }) => isTold(labels ?? {})))
  );
}

function isTold(labels: Readonly<Record<string, string>>): boolean {
  return Object.hasOwn(labels, SIDECAR_LABEL);
}
