/** Who runs where: Pods and WorkloadEntries, found by name, by address or by label. */

import type { PodSpec, ResourceSet, WorkloadEntrySpec } from "../resources/model.ts";
import { type PodName, podAddresses } from "./endpoint-owners.ts";
import { type KnownPod, knownPods } from "./known-pods.ts";
import { type Labels, selects } from "./labels.ts";
import {
  type Locality,
  labelledLocality,
  type MeshPlace,
  topologyLocality,
  withTopology,
} from "./locality.ts";
import { accountOf } from "./mesh-identities.ts";
import { byAge } from "./order.ts";
import { knowsSidecars } from "./sidecar-label.ts";
import { type SelectedTemplates, TemplatePods } from "./template-pods.ts";
import { placedLabels } from "./workload-endpoint.ts";

/** What a Pod tells of an endpoint that it stands behind. */
export interface PodFacts {
  readonly labels: Labels;
  readonly locality?: Locality;
  /** As an endpoint has it. */
  readonly account?: string;
}

export interface Workload {
  readonly namespace: string;
  readonly labels: Labels;
  readonly entry: WorkloadEntrySpec;
  /** A WorkloadEntry: its Pods a Kubernetes Service has by its own ways. */
  readonly isEntry?: true;
}

export class Workloads {
  readonly #podByName = new Map<string, PodFacts>();
  readonly #podByAddress = new Map<string, PodFacts>();
  readonly #byNamespace = new Map<string, Workload[]>();
  /** Those that are there, and those that templates will make. */
  readonly pods: readonly KnownPod[];
  /** Some workload tells whether it has a sidecar. */
  readonly knowSidecars: boolean;
  /** Where whoever says nothing of it is. */
  readonly place: MeshPlace;
  readonly templates: TemplatePods;
  /** By the labels of templates: thousands of endpoints have the same. */
  readonly #unseen = new WeakMap<Labels, PodFacts>();

  constructor(resources: ResourceSet, place: MeshPlace) {
    this.place = place;
    this.templates = new TemplatePods(resources);
    const { pods, nodes, workloadEntries } = resources;
    this.pods = knownPods(resources, place);
    this.knowSidecars = knowsSidecars(resources);
    const localities = new Map(nodes.map(({ name, labels }) => [name, topologyLocality(labels)]));
    for (const { name, namespace, labels: own, spec } of [...pods].sort(byAge)) {
      const node = spec.spec?.nodeName ?? "";
      const locality = labelledLocality(own) ?? localities.get(node);
      const labels = withTopology(own, locality, { ...place, node });
      const { serviceAccountName: serviceAccount } = spec.spec ?? {};
      const account = accountOf(namespace, serviceAccount);
      const facts = { labels, ...(locality && { locality }), ...(account && { account }) };
      this.#podByName.set(`${namespace}/${name}`, facts);
      const addresses = podAddresses(spec);
      for (const address of addresses) {
        if (!this.#podByAddress.has(address)) {
          this.#podByAddress.set(address, facts);
        }
      }
      const [address] = addresses;
      if (address !== undefined && isServing(spec.status)) {
        const entry = {
          address,
          ...(serviceAccount && { serviceAccount }),
          ...(locality && { locality: format(locality) }),
        };
        this.#add({ namespace, labels, entry });
      }
    }
    for (const { namespace, labels, spec } of [...workloadEntries].sort(byAge)) {
      const own = { ...spec.labels, ...labels };
      this.#add({ namespace, labels: placedLabels(spec, own, place), entry: spec, isEntry: true });
    }
  }

  /** Of the Pod that an endpoint names, or else of the one that has its address. */
  podOf(pod: PodName | undefined, address: string): PodFacts | undefined {
    const named = pod && this.#podByName.get(`${pod.namespace}/${pod.name}`);
    return named ?? this.#podByAddress.get(address);
  }

  /** Of one that is not among the input. */
  unseenPod(pod: PodName | undefined, templates: SelectedTemplates): PodFacts {
    const labels = templates.labelsOf(pod);
    const known = this.#unseen.get(labels) ?? { labels: withTopology(labels, undefined, this.place) };
    this.#unseen.set(labels, known);
    return known;
  }

  select(namespace: string, selector: Labels): readonly Workload[] {
    return (this.#byNamespace.get(namespace) ?? []).filter(({ labels }) => selects(selector, labels));
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

/** What nothing is said of serves: documents that people write have no status. */
function isServing({ phase, conditions = [] }: NonNullable<PodSpec["status"]> = {}): boolean {
  const isOver = phase === "Succeeded" || phase === "Failed";
  return !isOver && conditions.every(({ type, status }) => type !== "Ready" || status === "True");
}

function format({ region, zone, subZone }: Locality): string {
  return [region, zone, subZone].join("/");
}
