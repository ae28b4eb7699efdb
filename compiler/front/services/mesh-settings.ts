/**
 * What holds for a whole mesh where a rule says nothing: the mesh configuration, put together of all that the input has of it.
 * Source: istiod's `DefaultMeshConfig`; a field that is written replaces the default of it as a whole.
 */

import { isDeepStrictEqual } from "node:util";
import { MESH_CONFIG } from "../resources/mesh-configs.ts";
import type { Resource, ResourceSet } from "../resources/model.ts";
import type { MeshConfigSpec } from "../resources/types.ts";
import { itemsOf } from "../resources/unchecked-fields.ts";

/** The fields that somebody has written. What is absent is as Istio ships it. */
export interface MeshSettings {
  readonly written: MeshConfigSpec;
  /** Where what is there holds for all namespaces that have nothing of their own. */
  readonly rootNamespace: string;
  /** That of the identities of the mesh, `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT`. */
  readonly trustDomain: string;
  /** Other trust domains whose identities are as good, of meshes that were moved or are one with this. */
  readonly trustDomainAliases: readonly string[];
}

export const DEFAULT_ROOT_NAMESPACE = "istio-system";

/** istiod's `constants.DefaultClusterLocalDomain`, whatever the suffix of names is. */
const DEFAULT_TRUST_DOMAIN = "cluster.local";

/** Of a mesh of which nobody says anything. */
export const DEFAULT_MESH_SETTINGS: MeshSettings = settingsOf({});

/** A field that two documents say differently. */
export interface Contradiction {
  readonly field: keyof MeshConfigSpec;
  readonly first: Resource<MeshConfigSpec>;
  readonly other: Resource<MeshConfigSpec>;
}

export interface MeshDocuments {
  readonly settings: MeshSettings;
  readonly contradictions: readonly Contradiction[];
  /** Those that a file named on the command line takes the place of. */
  readonly overruled: readonly Resource<MeshConfigSpec>[];
}

/** A file that was named for it holds alone; else all documents hold together, the first of those that contradict each other. */
export function meshDocuments({ meshConfigs }: Pick<ResourceSet, "meshConfigs">): MeshDocuments {
  const named = meshConfigs.filter(({ span }) => span.file.holds === MESH_CONFIG_FILE);
  const read = named.length > 0 ? named : meshConfigs;
  const overruled = meshConfigs.filter((one) => !read.includes(one));
  const owners = new Map<keyof MeshConfigSpec, Resource<MeshConfigSpec>>();
  const contradictions: Contradiction[] = [];
  for (const other of read) {
    for (const field of Object.keys(other.spec) as (keyof MeshConfigSpec)[]) {
      const first = owners.get(field) ?? other;
      owners.set(field, first);
      if (!isDeepStrictEqual(first.spec[field], other.spec[field])) {
        contradictions.push({ field, first, other });
      }
    }
  }
  if (owners.size === 0) {
    return { settings: DEFAULT_MESH_SETTINGS, contradictions, overruled };
  }
  const written: MeshConfigSpec = Object.fromEntries(
    [...owners].map(([field, { spec }]) => [field, spec[field]]),
  );
  return { settings: settingsOf(written), contradictions, overruled };
}

function settingsOf(written: MeshConfigSpec): MeshSettings {
  const { rootNamespace, trustDomain, trustDomainAliases = [] } = written;
  return {
    written,
    rootNamespace: rootNamespace || DEFAULT_ROOT_NAMESPACE,
    trustDomain: trustDomain || DEFAULT_TRUST_DOMAIN,
    trustDomainAliases,
  };
}

const MESH_CONFIG_FILE = "MeshConfig";

/** Where a field of the mesh configuration stands in the resource that has it. */
export function placeOfField(field: keyof MeshConfigSpec): readonly string[] {
  return [MESH_CONFIG, field];
}

/**
 * Resources that say to whom they are visible, where the mesh configuration says it for those that do not: the same set where
 * it does not say it either. Kubernetes' Services say it in an annotation.
 */
export function withDefaultVisibility(
  resources: ResourceSet,
  { written }: Pick<MeshSettings, "written">,
): ResourceSet {
  const { defaultServiceExportTo, defaultVirtualServiceExportTo, defaultDestinationRuleExportTo } = written;
  const virtualServices = exportedTo(resources.virtualServices, defaultVirtualServiceExportTo);
  const destinationRules = exportedTo(resources.destinationRules, defaultDestinationRuleExportTo);
  const serviceEntries = exportedTo(resources.serviceEntries, defaultServiceExportTo);
  const services = exportedTo(
    resources.services,
    defaultServiceExportTo,
    ({ annotations }) => annotations[EXPORT_TO_ANNOTATION] === undefined,
    (service, exportTo) => ({
      ...service,
      annotations: { ...service.annotations, [EXPORT_TO_ANNOTATION]: exportTo.join(",") },
    }),
  );
  const all = { virtualServices, destinationRules, serviceEntries, services };
  const isSame = Object.entries(all).every(([list, kept]) => resources[list as keyof typeof all] === kept);
  return isSame ? resources : { ...resources, ...all };
}

/** A Service says in an annotation what our own kinds say in `exportTo`. */
export const EXPORT_TO_ANNOTATION = "networking.istio.io/exportTo";

function isUnsaid({ spec }: Resource<unknown>): boolean {
  return itemsOf(spec, "exportTo").length === 0;
}

function saying<Spec>(resource: Resource<Spec>, exportTo: readonly string[]): Resource<Spec> {
  return { ...resource, spec: { ...resource.spec, exportTo } };
}

/** What was made of a resource, with the default that it was made for. */
const made = new WeakMap<object, { readonly exportTo: readonly string[]; readonly resource: unknown }>();

function exportedTo<Spec>(
  resources: Resource<Spec>[],
  exportTo: readonly string[] | undefined,
  isUnsaidBy: (resource: Resource<Spec>) => boolean = isUnsaid,
  say: (resource: Resource<Spec>, exportTo: readonly string[]) => Resource<Spec> = saying,
): Resource<Spec>[] {
  if (exportTo === undefined || exportTo.length === 0 || exportTo.includes("*")) {
    return resources;
  }
  return resources.map((resource) => {
    if (!isUnsaidBy(resource)) {
      return resource;
    }
    const known = made.get(resource);
    if (known !== undefined && isDeepStrictEqual(known.exportTo, exportTo)) {
      return known.resource as Resource<Spec>;
    }
    const whole = say(resource, exportTo);
    made.set(resource, { exportTo, resource: whole });
    return whole;
  });
}
