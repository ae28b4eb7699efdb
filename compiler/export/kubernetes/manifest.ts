/** What resources of Kubernetes share: names, labels, what a container may do, and how they are written. */

import { stringify } from "yaml";
import type { Credential } from "../credentials.ts";

/** What a Deployment, its Service and what guards it are called, and find one another by. */
export interface Workload {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly selector: Readonly<Record<string, string>>;
}

export function workload(name: string): Workload {
  const selector = { "app.kubernetes.io/name": name };
  return { name, selector, labels: { ...selector, "app.kubernetes.io/managed-by": "sluice" } };
}

/** A volume, and where its container sees it. */
export interface Mount {
  readonly name: string;
  readonly at: string;
  readonly writable?: boolean;
  readonly source: object;
}

/** For the group of the container's user, which the volumes get. */
export const MOUNTED_MODE = 0o440;

export function volumeMounts(mounts: readonly Mount[]): object[] {
  return mounts.map(({ name, at, writable }) => ({
    name,
    mountPath: at,
    ...(!writable && { readOnly: true }),
  }));
}

export function volumes(mounts: readonly Mount[]): object[] {
  return mounts.map(({ name, source }) => ({ name, ...source }));
}

/** The nth Secret of `--secrets-directory`. */
export function credentialMount({ folder, secretName }: Credential, index: number): Mount {
  return secretMount(`credential-${index}`, folder, secretName);
}

/** A Secret as a folder of its keys. */
export function secretMount(name: string, at: string, secretName: string): Mount {
  return { name, at, source: { secret: { secretName, defaultMode: MOUNTED_MODE } } };
}

/** Of a container that needs no rights at all. */
export const WITHOUT_PRIVILEGES = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};

/** Of a Pod whose containers are this user. */
export function asUser(user: number) {
  return {
    runAsNonRoot: true,
    runAsUser: user,
    runAsGroup: user,
    fsGroup: user,
    seccompProfile: { type: "RuntimeDefault" },
  };
}

/** One Pod a node, as far as there are nodes. */
export function acrossNodes({ selector }: Workload): object[] {
  return [
    {
      maxSkew: 1,
      topologyKey: "kubernetes.io/hostname",
      whenUnsatisfiable: "ScheduleAnyway",
      labelSelector: { matchLabels: selector },
    },
  ];
}

export function disruptionBudget({ name, labels, selector }: Workload) {
  return {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name, labels },
    spec: { maxUnavailable: 1, selector: { matchLabels: selector } },
  };
}

export function yaml(value: unknown): string {
  // Without anchors: people read it, and write patches of it.
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}
