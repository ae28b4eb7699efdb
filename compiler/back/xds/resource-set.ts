/**
 * What one Envoy is told, as typed resources: type → name → resource. How they reach it is decided after them, and a
 * change is planned over two such sets. A set never changes; another one may share its resources.
 */

import type { EnvoyCluster } from "./cluster.ts";
import type { LoadAssignment } from "./endpoints.ts";
import type { EnvoyListener } from "./listener.ts";
import type { DiscoveredType } from "./places.ts";
import type { Extension, TypedConfig } from "./protobuf.ts";
import type { EnvoyRoute, RouteConfiguration } from "./route-configuration.ts";
import type { EnvoySecret } from "./secrets.ts";
import type { UpstreamFaultCluster, UpstreamFaultListener } from "./upstream-fault.ts";
import { versionOf } from "./version.ts";
import type { WasmConfig } from "./wasm-filter.ts";

/** The message of each type. */
export interface Messages {
  readonly cluster: EnvoyCluster | UpstreamFaultCluster;
  readonly endpoints: LoadAssignment;
  readonly listener: EnvoyListener | UpstreamFaultListener;
  readonly routes: RouteConfiguration;
  readonly extension: Extension<WasmConfig>;
  readonly secret: EnvoySecret;
}

export type ResourceType = keyof Messages;

/** What a resource names comes before it. */
const IN_ORDER: readonly ResourceType[] = [
  "secret",
  "endpoints",
  "cluster",
  "routes",
  "extension",
  "listener",
];

/** Maps are in the order in which the resources are delivered. */
export type ResourceSet = {
  readonly [Type in ResourceType]: ReadonlyMap<string, Resource<Type>>;
};

/** Something that a resource cannot do without, and that is not part of it. */
export interface Reference {
  /** `class`: a route class of the routes that have the name of the program. */
  readonly type: DiscoveredType | "class";
  readonly name: string;
}

export interface ResourceParts<Type extends ResourceType> {
  readonly type: Type;
  readonly name: string;
  readonly message: TypedConfig<Messages[Type]>;
  readonly needs?: readonly Reference[];
  readonly isKey?: boolean;
  readonly classes?: ReadonlyMap<string, EnvoyRoute> | undefined;
}

export class Resource<Type extends ResourceType = ResourceType> {
  readonly type: Type;
  readonly name: string;
  readonly message: TypedConfig<Messages[Type]>;
  readonly needs: readonly Reference[];
  /** Whether it is for its owner only: every secret, and whatever has a private key written into it. */
  readonly isKey: boolean;
  /** The route classes of a table that has them, which its message is made of. */
  readonly classes: ReadonlyMap<string, EnvoyRoute> | undefined;
  #version: string | undefined;

  constructor({ type, name, message, needs = [], isKey = false, classes }: ResourceParts<Type>) {
    this.type = type;
    this.name = name;
    this.message = message;
    this.needs = needs;
    this.isKey = isKey;
    this.classes = classes;
  }

  /** Digest of its message, made when somebody asks. */
  get version(): string {
    this.#version ??= versionOf([this.message]);
    return this.#version;
  }
}

/** Whatever somebody in a set names, by `keyOf`. */
export function namedIn(set: ResourceSet): ReadonlySet<string> {
  return new Set(resourcesOf(set).flatMap(({ needs }) => needs.map(keyOf)));
}

export function keyOf({ type, name }: Resource | Reference): string {
  return `${type} ${name}`;
}

/** All of a set, each resource after those that it names. */
export function resourcesOf(set: ResourceSet): Resource[] {
  return IN_ORDER.flatMap((type): Resource[] => [...set[type].values()]);
}
