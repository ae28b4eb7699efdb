/** An object as the API server has it: what is read here of every kind, and the rest as it came. */

export interface ObjectMetadata {
  readonly name: string;
  /** Missing: it belongs to no namespace. */
  readonly namespace?: string;
  /** Of this one, never of another of the same name. */
  readonly uid: string;
  /** Changes with every write; compared for equality only. */
  readonly resourceVersion: string;
  /** Changes with `spec` alone; only kinds with a status have it. */
  readonly generation?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** RFC 3339. */
  readonly creationTimestamp?: string;
  readonly [field: string]: unknown;
}

export interface KubernetesObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMetadata;
  readonly [field: string]: unknown;
}

/** What tells objects of one kind apart: `namespace/name`, or `name` where there is no namespace. */
export function keyOf({ metadata: { namespace, name } }: KubernetesObject): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}
