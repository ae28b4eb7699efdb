/**
 * A Lease of Kubernetes as servers of a fleet read and write it. Who holds it is decided by the API server alone: a write that
 * names an old `resourceVersion` is refused, so of two that take it at once one succeeds.
 *
 * https://kubernetes.io/docs/concepts/architecture/leases/#leader-election
 */

import type { KubernetesObject } from "../../kubernetes/client/kubernetes-object.ts";
import { microTime } from "../../kubernetes/client/micro-time.ts";

/** `coordination.k8s.io/v1`; what it says of others than ours is kept. */
export interface LeaseObject extends KubernetesObject {
  readonly spec?: {
    /** Empty or absent: nobody. */
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
    /** How often it went from one to another: the number of the term here. */
    readonly leaseTransitions?: number;
  };
}

/** Who holds a Lease, as it says itself. */
export interface LeaseHolder {
  readonly identity: string;
  readonly term: number;
  /** Where the holder hands its state to other servers, `address:port`. */
  readonly address?: string;
}

export const ADDRESS_ANNOTATION = "sluice.dev/address";

/** How long a holder that says nothing keeps it, in seconds: as long as Kubernetes' own components do. */
export const DURATION_SECONDS = 15;

/** `undefined` when nobody does. */
export function holderOf({ spec, metadata }: LeaseObject): LeaseHolder | undefined {
  const { holderIdentity: identity = "", leaseTransitions: term = 0 } = spec ?? {};
  const address = metadata.annotations?.[ADDRESS_ANNOTATION];
  return identity === "" ? undefined : { identity, term, ...(address !== undefined && { address }) };
}

/** A Lease held from now on. `before`: as it was read; absent when there was none. */
export function taken(
  before: LeaseObject | undefined,
  name: string,
  namespace: string,
  holder: LeaseHolder,
  now: Date,
): object {
  const time = microTime(now);
  return {
    ...frame(before, name, namespace, holder.address),
    spec: {
      ...before?.spec,
      holderIdentity: holder.identity,
      leaseDurationSeconds: DURATION_SECONDS,
      acquireTime: time,
      renewTime: time,
      leaseTransitions: holder.term,
    },
  };
}

export function renewed(lease: LeaseObject, now: Date): object {
  return { ...lease, spec: { ...lease.spec, renewTime: microTime(now) } };
}

/** Nobody's: the next one need not wait. */
export function released(lease: LeaseObject, now: Date): object {
  const { [ADDRESS_ANNOTATION]: _, ...annotations } = lease.metadata.annotations ?? {};
  return {
    ...lease,
    metadata: { ...lease.metadata, annotations },
    spec: { ...lease.spec, holderIdentity: "", leaseDurationSeconds: 1, renewTime: microTime(now) },
  };
}

function frame(
  before: LeaseObject | undefined,
  name: string,
  namespace: string,
  address: string | undefined,
): object {
  const { [ADDRESS_ANNOTATION]: _, ...others } = before?.metadata.annotations ?? {};
  const annotations = { ...others, ...(address !== undefined && { [ADDRESS_ANNOTATION]: address }) };
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { ...(before?.metadata ?? { name, namespace }), annotations },
  };
}
