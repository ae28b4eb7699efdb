/**
 * What the compiler reads of each kind of object, as a document. Everything else is left out: a kubelet that tells how its node is,
 * a controller that counts, a status that we write ourselves must change no text, since a text that has changed is compiled.
 * It must not know how objects get here.
 */

import type { KubernetesObject } from "../client/kubernetes-object.ts";
import { apiVersionOf, type ResourceType } from "../client/resource-types.ts";
import { yamlText } from "./yaml-text.ts";

type Fields = Readonly<Record<string, unknown>>;

export const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** Where an object's document is said to be: `kubernetes://namespace/Kind/name`, or `kubernetes://Kind/name`. */
export function documentPath({ kind }: Pick<ResourceType, "kind">, { metadata }: KubernetesObject): string {
  const { namespace, name } = metadata;
  return `kubernetes://${namespace === undefined ? "" : `${namespace}/`}${kind}/${name}`;
}

/** The text of an object: the same for as long as the compiler would read the same. */
export function documentText(type: ResourceType, object: KubernetesObject): string {
  const { metadata } = object;
  const project = PROJECTIONS[type.kind] ?? ofOurKinds;
  const { annotations, labels, ownerReferences, ...fields } = project(object);
  return yamlText({
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    metadata: {
      annotations: nonEmpty(annotations),
      creationTimestamp: metadata.creationTimestamp,
      labels: nonEmpty(labels),
      name: metadata.name,
      namespace: metadata.namespace,
      ownerReferences,
    },
    ...fields,
  });
}

/** Fields of the document, and of its metadata what depends on the kind. */
interface Projected extends Fields {
  readonly annotations?: Fields | undefined;
  readonly labels?: Fields | undefined;
  readonly ownerReferences?: unknown;
}

const PROJECTIONS: Readonly<Record<string, ((object: KubernetesObject) => Projected) | undefined>> = {
  WorkloadEntry: (object) => ({ ...ofOurKinds(object), ownerReferences: groupsOf(object) }),
  Service: ({ metadata, spec }) => ({
    annotations: only(metadata.annotations, (name) => name.startsWith("networking.istio.io/")),
    labels: metadata.labels,
    spec: pick(spec, SERVICE_FIELDS),
  }),
  EndpointSlice: (object) => ({
    labels: only(object.metadata.labels, (name) => name === "kubernetes.io/service-name"),
    addressType: object.addressType,
    ports: mapped(object.ports, (port) => pick(port, ["name", "port", "protocol"])),
    endpoints: mapped(object.endpoints, (endpoint) => ({
      addresses: endpoint.addresses,
      conditions: pick(endpoint.conditions, ["ready", "terminating"]),
      targetRef: pick(endpoint.targetRef, ["kind", "name", "namespace"]),
    })),
  }),
  Pod: ({ metadata, spec, status }) => ({
    annotations: only(metadata.annotations, (name) => name === "proxy.istio.io/config"),
    labels: metadata.labels,
    spec: {
      nodeName: fieldOf(spec, "nodeName"),
      serviceAccountName: fieldOf(spec, "serviceAccountName"),
      // Ports have names that a Service's `targetPort` may use.
      containers: mapped(fieldOf(spec, "containers"), ({ name, ports }) =>
        ports === undefined
          ? undefined
          : { name, ports: mapped(ports, (port) => pick(port, ["name", "containerPort", "protocol"])) },
      ),
    },
    status: {
      ...pick(status, ["phase", "podIP", "podIPs"]),
      conditions: mapped(fieldOf(status, "conditions"), (condition) =>
        condition.type === "Ready" ? pick(condition, ["type", "status"]) : undefined,
      ),
    },
  }),
  Node: ({ metadata }) => ({ labels: only(metadata.labels, (name) => TOPOLOGY.test(name)) }),
  Secret: ({ data, type }) => ({ type, data: only(asFields(data), (name) => CREDENTIALS.has(name)) }),
  ConfigMap: ({ data }) => ({ data: pick(data, ["mesh"]) }),
};

const SERVICE_FIELDS = [
  "type",
  "clusterIP",
  "clusterIPs",
  "externalName",
  "trafficDistribution",
  "selector",
  "ports",
];
/** Labels that say where a node stands, with those of older clusters. */
const TOPOLOGY = /^topology\.|^failure-domain\.beta\.kubernetes\.io\//;
/** Parts of a Secret that Istio knows; whatever else is in it is nobody's business here. */
const CREDENTIALS = new Set(["tls.crt", "tls.key", "cert", "key", "ca.crt", "cacert", "ca.crl"]);

/** Istio's: all of them that people write. */
function ofOurKinds({ metadata, spec }: KubernetesObject): Projected {
  return {
    annotations: only(metadata.annotations, (name) => name !== LAST_APPLIED),
    labels: metadata.labels,
    spec,
  };
}

/** The WorkloadGroup that an entry belongs to. */
function groupsOf({ metadata }: KubernetesObject): unknown {
  const owners = mapped(metadata.ownerReferences, ({ kind, name }) =>
    kind === "WorkloadGroup" ? { kind, name } : undefined,
  );
  return Array.isArray(owners) && owners.length === 0 ? undefined : owners;
}

function fieldOf(value: unknown, name: string): unknown {
  return asFields(value)?.[name];
}

function asFields(value: unknown): Fields | undefined {
  return typeof value === "object" && value !== null ? (value as Fields) : undefined;
}

/** Those of the fields that are there; `undefined` when none is. What should be a mapping and is none stays as it is, to be refused. */
function pick(value: unknown, names: readonly string[]): Fields | undefined {
  const fields = asFields(value);
  if (fields === undefined || Array.isArray(value)) {
    return value as Fields | undefined;
  }
  const picked = names.filter((name) => fields[name] !== undefined).map((name) => [name, fields[name]]);
  return picked.length === 0 ? undefined : Object.fromEntries(picked);
}

function only(fields: Fields | undefined, isKept: (name: string) => boolean): Fields | undefined {
  return fields && Object.fromEntries(Object.entries(fields).filter(([name]) => isKept(name)));
}

/** Of a list; what is no list stays as it is. */
function mapped(value: unknown, project: (item: Fields) => unknown): unknown {
  if (!Array.isArray(value)) {
    return value;
  }
  return value
    .map((item) => (asFields(item) === undefined || Array.isArray(item) ? item : project(item as Fields)))
    .filter((item) => item !== undefined);
}

function nonEmpty(fields: Fields | undefined): Fields | undefined {
  return fields === undefined || Object.keys(fields).length === 0 ? undefined : fields;
}
