/**
 * Documents to typed resources: which kinds are ours, which belong to somebody else, and what each one's schema
 * says of it. After this, a resource has the shape of its type; whether it makes sense is `validate`'s to say.
 */

import path from "node:path";
import { appliedKey, YOUNGEST } from "../../diagnostics/applied-to.ts";
import type { Diagnostic, DiagnosticSink } from "../../diagnostics/diagnostic.ts";
import { nearest } from "../../diagnostics/nearest.ts";
import type { SourceFile, Span } from "../../diagnostics/span.ts";
import { NO_PROGRESS, type Progress } from "../../progress.ts";
import { isBlank } from "../../source/blank.ts";
import { nameOf } from "../../source/field-path.ts";
import { parseDocuments, type SourceDocument } from "../../source/parse.ts";
import { SourceCache } from "../../source/plain.ts";
import { templateError } from "../../source/syntax-cause.ts";
import { isForeign, isPlainlyForeign } from "./foreign-files.ts";
import { isObject } from "./is-object.ts";
import {
  buildHelp,
  findKustomizations,
  isKustomization,
  reportKustomizations,
  reportPatch,
} from "./kustomizations.ts";
import { type Fate, reportLeftOut } from "./left-out.ts";
import { itemsOf } from "./list-items.ts";
import { bareMeshConfig, mayHoldMeshConfig, meshConfigsIn } from "./mesh-configs.ts";
import { isNeighbour } from "./neighbours.ts";
import { withoutNulls } from "./nulls.ts";
import type { FieldPath, Resource } from "./resource.ts";
import { checkSchema } from "./schema/check.ts";
import { KIND_SCHEMAS } from "./schema/kinds.ts";
import { templateIn } from "./template-strings.ts";
import type {
  DestinationRuleSpec,
  EndpointSliceSpec,
  EndpointsSpec,
  GatewaySpec,
  MeshConfigSpec,
  PodSpec,
  ProxyConfigResourceSpec,
  RequestAuthenticationSpec,
  SecretSpec,
  ServiceEntrySpec,
  ServiceSpec,
  SidecarSpec,
  VirtualServiceSpec,
  WorkloadEntrySpec,
  WorkloadGroupSpec,
} from "./types.ts";
import { fieldOf } from "./unchecked-fields.ts";

export type { FieldPath, Resource } from "./resource.ts";
export type * from "./types.ts";

/** Everything of the input that we read, each list in the order of the input. */
export interface ResourceSet {
  readonly virtualServices: Resource<VirtualServiceSpec>[];
  readonly destinationRules: Resource<DestinationRuleSpec>[];
  readonly serviceEntries: Resource<ServiceEntrySpec>[];
  readonly gateways: Resource<GatewaySpec>[];
  readonly workloadEntries: Resource<WorkloadEntrySpec>[];
  readonly workloadGroups: Resource<WorkloadGroupSpec>[];
  readonly sidecars: Resource<SidecarSpec>[];
  readonly proxyConfigs: Resource<ProxyConfigResourceSpec>[];
  readonly requestAuthentications: Resource<RequestAuthenticationSpec>[];
  /** What holds for the whole mesh, of whatever resource has it. */
  readonly meshConfigs: Resource<MeshConfigSpec>[];
  readonly services: Resource<ServiceSpec>[];
  readonly endpointSlices: Resource<EndpointSliceSpec>[];
  readonly endpoints: Resource<EndpointsSpec>[];
  readonly pods: Resource<PodSpec>[];
  readonly secrets: Resource<SecretSpec>[];
  readonly nodes: Resource<unknown>[];
  /** What makes Pods: Deployments and their like. What is kept in files has these, and hardly ever the Pods themselves. */
  readonly podMakers: Resource<unknown>[];
  /** What steers nothing here, but is spoken of by what does, or would steer the same requests elsewhere. */
  readonly neighbours: Resource<unknown>[];
  /** Those of our kinds that are wrong in themselves: they are there, whatever they would have said. */
  readonly refused: Resource<unknown>[];
  /** Files of which not all is YAML: whatever is looked for may be in them. */
  readonly unreadable: SourceFile[];
  /** Kinds that are not ours, as `group/Kind`, and how many of each. */
  readonly ignored: Map<string, number>;
}

export type ResourceList = Exclude<keyof ResourceSet, "ignored" | "unreadable">;

const ISTIO_GROUP = "networking.istio.io";
const ISTIO_VERSIONS = ["v1", "v1beta1", "v1alpha3"];

/** Our kinds of Istio's group. */
const ISTIO_KINDS: Readonly<Record<string, ResourceList>> = {
  VirtualService: "virtualServices",
  DestinationRule: "destinationRules",
  ServiceEntry: "serviceEntries",
  Gateway: "gateways",
  WorkloadEntry: "workloadEntries",
  WorkloadGroup: "workloadGroups",
  Sidecar: "sidecars",
  ProxyConfig: "proxyConfigs",
};
/** Kinds of that group which are Istio's, but steer nothing here. */
const ISTIO_OTHER_KINDS = new Set(["EnvoyFilter"]);

/** `apiVersion/Kind` of what we read of other groups, and whether it keeps its fields in `spec`. */
const OTHER_KINDS: Readonly<Record<string, { list: ResourceList; spec: boolean }>> = {
  "security.istio.io/v1/RequestAuthentication": { list: "requestAuthentications", spec: true },
  "security.istio.io/v1beta1/RequestAuthentication": { list: "requestAuthentications", spec: true },
  "v1/Service": { list: "services", spec: true },
  "v1/Endpoints": { list: "endpoints", spec: false },
  "v1/Pod": { list: "pods", spec: false },
  "v1/Secret": { list: "secrets", spec: false },
  "v1/Node": { list: "nodes", spec: false },
  "discovery.k8s.io/v1/EndpointSlice": { list: "endpointSlices", spec: false },
};

/** `group/Kind` of what has the template of a Pod in `spec.template`. Of any version: only the template's labels are read. */
const POD_MAKERS = new Set([
  "apps/Deployment",
  "apps/StatefulSet",
  "apps/DaemonSet",
  "apps/ReplicaSet",
  "argoproj.io/Rollout",
]);

export function loadResources(
  files: readonly SourceFile[],
  sink: DiagnosticSink,
  progress: Progress = NO_PROGRESS,
  cache: SourceCache = new SourceCache(),
): ResourceSet {
  const set: ResourceSet = {
    virtualServices: [],
    destinationRules: [],
    serviceEntries: [],
    gateways: [],
    workloadEntries: [],
    workloadGroups: [],
    sidecars: [],
    proxyConfigs: [],
    requestAuthentications: [],
    meshConfigs: [],
    services: [],
    endpointSlices: [],
    endpoints: [],
    pods: [],
    secrets: [],
    nodes: [],
    podMakers: [],
    neighbours: [],
    refused: [],
    unreadable: [],
    ignored: new Map(),
  };
  const total = files.reduce((sum, { text }) => sum + text.length, 0);
  const kustomizations = findKustomizations(files);
  const fates = new Map<SourceFile, Fate>();
  let before = 0;
  for (const file of files) {
    const onPiece = (end: number) => progress.at("parsing", before + end, total);
    const listing = kustomizations.listingOf(file);
    const { resources, ignored, isUnreadable, fate } = loadFile(file, listing, sink, cache, onPiece);
    if (isUnreadable) {
      set.unreadable.push(file);
    }
    before += file.text.length;
    fates.set(file, fate);
    for (const [list, resource] of resources) {
      set[list].push(resource as never);
    }
    for (const name of ignored) {
      set.ignored.set(name, (set.ignored.get(name) ?? 0) + 1);
    }
  }
  reportLeftOut(fates, sink);
  reportKustomizations(kustomizations, sink);
  if (set.ignored.size > 0) {
    const kinds = [...set.ignored].map(([kind, count]) => `${count} × ${kind}`);
    sink.report({ code: "SL0110", level: "info", message: `ignored: ${kinds.join(", ")}`, lists: [kinds] });
  }
  return set;
}

/** What a file holds. */
interface Loaded {
  readonly resources: (readonly [ResourceList, Resource<unknown>])[];
  /** The kinds that are not ours, each as often as there is one. */
  readonly ignored: string[];
  /** Some of it is no YAML. */
  isUnreadable: boolean;
  fate: Fate;
}

/** Files that nothing is wrong with; the objects are the same for as long as their texts are. */
const faultless = new WeakMap<SourceFile, Loaded>();

/**
 * The resources of a file that nothing is wrong with and that holds nothing else, as `loadResources` has them; `undefined` of any
 * other, and, without a cache to load it with, of one that was not loaded yet.
 */
export function faultlessResources(
  file: SourceFile,
  cache?: SourceCache,
): readonly (readonly [ResourceList, Resource<unknown>])[] | undefined {
  if (cache !== undefined) {
    loadFile(file, undefined, { report() {} }, cache, () => {});
  }
  const loaded = faultless.get(file);
  return loaded?.fate === "resources" && loaded.ignored.length === 0 ? loaded.resources : undefined;
}

/** `patch`: where a kustomization lists the file. */
function loadFile(
  file: SourceFile,
  patch: Span | undefined,
  sink: DiagnosticSink,
  cache: SourceCache,
  onPiece: (end: number) => void,
): Loaded {
  const before = faultless.get(file);
  if (before !== undefined && patch === undefined) {
    return before;
  }
  const loaded: Loaded = { resources: [], ignored: [], isUnreadable: false, fate: "empty" };
  const isForeignIfSearched = file.folder !== undefined && !isBlank(file.text);
  if (isForeignIfSearched && isPlainlyForeign(file)) {
    loaded.fate = "foreign";
    faultless.set(file, loaded);
    return loaded;
  }
  const findings: Diagnostic[] = [];
  const collecting: DiagnosticSink = { report: (diagnostic) => void findings.push(diagnostic) };
  const documents = parseDocuments(file, collecting, cache, onPiece);
  if (isForeignIfSearched && isForeign(file, documents, findings.length > 0)) {
    loaded.fate = "foreign";
    faultless.set(file, loaded);
    return loaded;
  }
  loaded.isUnreadable = findings.length > 0;
  for (const document of documents) {
    if (patch !== undefined) {
      reportPatch(document, patch, collecting);
      continue;
    }
    if (file.holds === "MeshConfig" && fieldOf(document.value, "kind") === undefined) {
      loaded.fate = "resources";
      loaded.resources.push(
        ...bareMeshConfig(document, collecting).map((one) => ["meshConfigs", one] as const),
      );
      continue;
    }
    for (const { value, root } of itemsOf(document, isListOfOurs, collecting)) {
      loaded.fate = "resources";
      loadResource(loaded, document, value, root, collecting);
    }
  }
  for (const finding of findings) {
    sink.report(finding);
  }
  if (findings.length > 0) {
    loaded.fate = "wrong";
  } else {
    faultless.set(file, loaded);
  }
  return loaded;
}

/** `VirtualServiceList`; the name of a list of another kind may mean something else. */
function isListOfOurs(kind: string): boolean {
  return Object.hasOwn(KIND_SCHEMAS, kind.replace(/List$/, ""));
}

function loadResource(
  loaded: Loaded,
  document: SourceDocument,
  raw: unknown,
  root: FieldPath,
  sink: DiagnosticSink,
): void {
  const checked = isObject(raw) ? flawless.get(raw) : undefined;
  const value = checked ?? withoutNulls(raw);
  if (!isObject(value) || typeof value.kind !== "string" || typeof value.apiVersion !== "string") {
    const what = root.length === 0 ? "the document" : nameOf(root);
    sink.report({
      code: "SL0101",
      level: "error",
      message: `${what} is not a Kubernetes resource: it needs \`apiVersion\` and \`kind\`, both strings`,
      span: document.spanOf(root),
      ...(isKustomization(document.file) && { help: buildHelp(path.dirname(document.file.path)) }),
    });
    return;
  }
  const { kind, apiVersion } = value;
  const [group, version] = apiVersion.includes("/")
    ? [apiVersion.slice(0, apiVersion.indexOf("/")), apiVersion.slice(apiVersion.indexOf("/") + 1)]
    : ["", apiVersion];
  let list: ResourceList | undefined;
  let hasSpec = true;
  if (group === ISTIO_GROUP) {
    list = Object.hasOwn(ISTIO_KINDS, kind) ? ISTIO_KINDS[kind] : undefined;
    if (list === undefined && !ISTIO_OTHER_KINDS.has(kind)) {
      const near = nearest(kind, [...Object.keys(ISTIO_KINDS), ...ISTIO_OTHER_KINDS]);
      sink.report({
        code: "SL0102",
        level: "error",
        message: `${ISTIO_GROUP} has no kind "${kind}"`,
        span: document.spanOf([...root, "kind"]),
        ...(near === undefined ? {} : { help: `Did you mean ${near}?` }),
      });
      loaded.resources.push(["refused", resourceOf(value, document, root, true)]);
      return;
    }
    if (list !== undefined && !ISTIO_VERSIONS.includes(version)) {
      sink.report({
        code: "SL0103",
        level: "error",
        message: `${kind} has no version "${version}"`,
        span: document.spanOf([...root, "apiVersion"]),
        help: `Use ${ISTIO_GROUP}/v1.`,
      });
      loaded.resources.push(["refused", resourceOf(value, document, root, true)]);
      return;
    }
  } else {
    const known = OTHER_KINDS[`${apiVersion}/${kind}`];
    list = known?.list;
    hasSpec = known?.spec ?? true;
  }
  if (list === undefined) {
    const name = group === "" ? kind : `${group}/${kind}`;
    if (POD_MAKERS.has(name)) {
      loaded.resources.push(["podMakers", resourceOf(value, document, root, true)]);
      return;
    }
    const neighbour = resourceOf(value, document, root, true);
    if (mayHoldMeshConfig(group, kind, neighbour.name)) {
      const found = meshConfigsIn(neighbour, document, root, sink);
      loaded.resources.push(...found.map((one) => ["meshConfigs", one] as const));
      if (found.length > 0) {
        return;
      }
    }
    loaded.ignored.push(name);
    if (isNeighbour(group, kind)) {
      loaded.resources.push(["neighbours", neighbour]);
    }
    return;
  }
  const template = hasSpec && mayHoldTemplates(document.file) ? templateIn(value) : undefined;
  if (template !== undefined) {
    const { file, start, end } = document.spanOf([...root, ...template]);
    sink.report(templateError(file, start, end));
    return;
  }
  if (checked === undefined) {
    // Without any spec, what a spec must have is missing, too.
    const whole = hasSpec && value.spec === undefined ? { ...value, spec: {} } : value;
    if (!checkSchema(KIND_SCHEMAS[kind]!, "the resource", whole, document, root, sink)) {
      loaded.resources.push(["refused", resourceOf(value, document, root, hasSpec)]);
      return;
    }
    flawless.set(raw as object, value);
  }
  loaded.resources.push([list, resourceOf(value, document, root, hasSpec)]);
}

function resourceOf(
  value: Record<string, unknown>,
  document: SourceDocument,
  root: FieldPath,
  hasSpec: boolean,
): Resource<unknown> {
  const given = value.metadata;
  const metadata = isObject(given) ? given : {};
  const { appliedTo } = document.file;
  const namespace = String(metadata.namespace || appliedTo?.namespace || "default");
  const created =
    appliedTo === undefined
      ? metadata.creationTimestamp
      : (appliedTo.created.get(appliedKey(String(value.kind), namespace, String(metadata.name))) ?? YOUNGEST);
  return {
    kind: String(value.kind),
    apiVersion: String(value.apiVersion),
    name: String(metadata.name ?? metadata.generateName ?? ""),
    ...(metadata.name === undefined && metadata.generateName !== undefined && { isGenerated: true }),
    namespace,
    labels: (isObject(metadata.labels) ? metadata.labels : {}) as Record<string, string>,
    annotations: (isObject(metadata.annotations) ? metadata.annotations : {}) as Record<string, string>,
    ...(created ? { creationTimestamp: String(created) } : {}),
    spec: hasSpec ? (value.spec ?? {}) : value,
    document: value,
    offset: document.offset,
    span: document.spanOf(root),
    spanOf: (path) => document.spanOf([...root, ...path]),
  };
}

/** Whether any of a file's documents can be a template. It is asked for each of them, and a file can have thousands. */
function mayHoldTemplates(file: SourceFile): boolean {
  const known = withBraces.get(file) ?? file.text.includes("{{");
  withBraces.set(file, known);
  return known;
}

const withBraces = new WeakMap<SourceFile, boolean>();

/** What the schema was content with, by what it was read from, which stays as long as its text does. */
const flawless = new WeakMap<object, Record<string, unknown>>();
