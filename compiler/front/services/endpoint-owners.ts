/** Whose the endpoints of a Kubernetes document are: the service that has them, and the Pods that they are of. */

import type { EndpointSliceSpec, EndpointsSpec, PodSpec, Resource } from "../resources/model.ts";

const SERVICE_NAME_LABEL = "kubernetes.io/service-name";

/** `namespace/name` of a Service. */
export function serviceOfSlice({ namespace, labels }: Resource<EndpointSliceSpec>): string | undefined {
  const name = labels[SERVICE_NAME_LABEL];
  return name === undefined ? undefined : `${namespace}/${name}`;
}

/** The Service that Endpoints belong to has their name. */
export function objectName({ namespace, name }: Resource<unknown>): string {
  return `${namespace}/${name}`;
}

/** A Pod as an endpoint refers to it. */
export interface PodName {
  readonly namespace: string;
  readonly name: string;
}

interface TargetRef {
  readonly kind?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

export function podNamed(target: TargetRef | undefined, namespace: string): PodName | undefined {
  return target?.kind === "Pod" && target.name !== undefined
    ? { namespace: target.namespace ?? namespace, name: target.name }
    : undefined;
}

export function podAddresses({ status }: PodSpec): string[] {
  const all = [status?.podIP, ...(status?.podIPs ?? []).map(({ ip }) => ip)];
  return all.filter((address) => address !== undefined);
}

/** Pods by all that endpoints find them by: their name, or else their address. */
export class PodReferences {
  readonly #all = new Set<string>();

  static ofPods(pods: readonly Resource<PodSpec>[]): PodReferences {
    const references = new PodReferences();
    for (const pod of pods) {
      references.#all.add(objectName(pod));
      for (const address of podAddresses(pod.spec)) {
        references.#all.add(address);
      }
    }
    return references;
  }

  static ofEndpoints(
    slices: readonly Resource<EndpointSliceSpec>[],
    endpoints: readonly Resource<EndpointsSpec>[],
  ): PodReferences {
    const references = new PodReferences();
    for (const reference of [...slices.flatMap(inSlice), ...endpoints.flatMap(inEndpoints)]) {
      references.#all.add(reference);
    }
    return references;
  }

  get isEmpty(): boolean {
    return this.#all.size === 0;
  }

  hasPod(pod: Resource<PodSpec>): boolean {
    const { podIP, podIPs } = pod.spec.status ?? {};
    // Asked of every Pod there is.
    return (
      (podIP !== undefined && this.#all.has(podIP)) ||
      podIPs?.some(({ ip }) => ip !== undefined && this.#all.has(ip)) === true ||
      this.#all.has(objectName(pod))
    );
  }

  inSlice(slice: Resource<EndpointSliceSpec>): boolean {
    return inSlice(slice).some((reference) => this.#all.has(reference));
  }

  inEndpoints(endpoints: Resource<EndpointsSpec>): boolean {
    return inEndpoints(endpoints).some((reference) => this.#all.has(reference));
  }
}

function inSlice({ namespace, spec }: Resource<EndpointSliceSpec>): string[] {
  return (spec.endpoints ?? []).flatMap(({ addresses = [], targetRef }) =>
    referencesTo(podNamed(targetRef, namespace), addresses),
  );
}

function inEndpoints({ namespace, spec }: Resource<EndpointsSpec>): string[] {
  return (spec.subsets ?? [])
    .flatMap(({ addresses = [] }) => addresses)
    .flatMap(({ ip, targetRef }) =>
      referencesTo(podNamed(targetRef, namespace), ip === undefined ? [] : [ip]),
    );
}

function referencesTo(pod: PodName | undefined, addresses: readonly string[]): string[] {
  return pod === undefined ? [...addresses] : [...addresses, `${pod.namespace}/${pod.name}`];
}
