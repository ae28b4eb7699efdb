/** What an export has for a cluster, before it is written for one tool or another. */

import type { OutputFiles } from "../../run/delivery/output-files.ts";
import type { FileMap } from "./config-maps.ts";

export interface Manifests {
  readonly name: string;
  /** Where all of it goes; absent: wherever it is applied. */
  readonly namespace?: string;
  /** By the names of their files. */
  readonly resources: Resources;
  /** Those for which something has to be installed that not every cluster has, by what they are called together. */
  readonly optional: Readonly<Record<string, Resources>>;
  /** What becomes of `files`. */
  readonly maps: readonly FileMap[];
  /** By path; the folder of a map comes first. */
  readonly files: OutputFiles;
  /** What is another one in each cluster, as values of a chart. */
  readonly settings: readonly Setting[];
}

export type Resources = Readonly<Record<string, object>>;

/** A field of a resource that is a value of a chart; its default is what the field has. */
export interface Setting {
  /** `server.replicas` */
  readonly value: string;
  readonly file: string;
  readonly field: readonly (string | number)[];
}

const CLUSTER_WIDE = new Set(["ClusterRole", "ClusterRoleBinding", "ValidatingWebhookConfiguration"]);

/**
 * Those that name no namespace in this one; without one, as they are. Kustomize could do it, and would also move what has to be in another
 * namespace.
 */
export function inNamespace(namespace: string | undefined, resources: Resources): Resources {
  if (namespace === undefined) {
    return resources;
  }
  return Object.fromEntries(
    Object.entries(resources).map(([file, resource]) => {
      const { apiVersion, kind, metadata, ...rest } = resource as Resource;
      const place = CLUSTER_WIDE.has(kind) ? {} : { namespace };
      return [file, { apiVersion, kind, metadata: { ...place, ...metadata }, ...rest }];
    }),
  );
}

interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: object;
}
