/** Who runs where: Pods and WorkloadEntries, found by name, by address or by label. */

import { type Labels, selects } from "../labels.ts";
import type { ResourceSet, WorkloadEntrySpec } from "../model.ts";
import { byAge } from "../order.ts";

export interface Workload {
  readonly namespace: string;
  readonly labels: Labels;
  readonly entry: WorkloadEntrySpec;
}

export class Workloads {
  readonly #podLabels = new Map<string, Labels>();
  readonly #labelsByAddress = new Map<string, Labels>();
  readonly #byNamespace = new Map<string, Workload[]>();
  readonly #pods: Labels[] = [];

  constructor({ pods, workloadEntries }: ResourceSet) {
    for (const { name, namespace, labels, spec } of [...pods].sort(byAge)) {
      this.#pods.push(labels);
      this.#podLabels.set(`${namespace}/${name}`, labels);
      const addresses = [spec.status?.podIP, ...(spec.status?.podIPs ?? []).map(({ ip }) => ip)];
      for (const address of addresses) {
        if (address !== undefined && !this.#labelsByAddress.has(address)) {
          this.#labelsByAddress.set(address, labels);
        }
      }
      const address = addresses.find((candidate) => candidate !== undefined);
      if (address !== undefined) {
        this.#add({ namespace, labels, entry: { address } });
      }
    }
    for (const { namespace, labels, spec } of [...workloadEntries].sort(byAge)) {
      this.#add({ namespace, labels: { ...labels, ...spec.labels }, entry: spec });
    }
  }

  /** Labels of the Pod that an endpoint names, or else of the one that has its address. */
  labelsOf(pod: { namespace: string; name: string } | undefined, address: string): Labels {
    const named = pod && this.#podLabels.get(`${pod.namespace}/${pod.name}`);
    return named ?? this.#labelsByAddress.get(address) ?? {};
  }

  select(namespace: string, selector: Labels): readonly Workload[] {
    // An empty selector selects nothing here, unlike elsewhere.
    if (Object.keys(selector).length === 0) {
      return [];
    }
    return (this.#byNamespace.get(namespace) ?? []).filter(({ labels }) => selects(selector, labels));
  }

  /** Some Pod, in any namespace, has these labels. */
  anyPodHas(selector: Labels): boolean {
    return this.#pods.some((labels) => selects(selector, labels));
  }

  #add(workload: Workload): void {
    const known = this.#byNamespace.get(workload.namespace);
    if (known === undefined) {
      this.#byNamespace.set(workload.namespace, [workload]);
    } else {
      known.push(workload);
    }
  }
}
