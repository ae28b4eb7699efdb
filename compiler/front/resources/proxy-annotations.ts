/**
 * The annotation `proxy.istio.io/config` of workloads: a ProxyConfig as a text of YAML, on a Pod, or on the template of what makes
 * Pods. It overrides, for the proxy of this workload, what the mesh says of all proxies.
 */

import type { DiagnosticSink } from "../../diagnostics/diagnostic.ts";
import { embeddedDocuments } from "../../source/embedded.ts";
import { withoutNulls } from "./nulls.ts";
import type { FieldPath, Resource } from "./resource.ts";
import { checkSchema } from "./schema/check.ts";
import { proxyConfig } from "./schema/proxy-config.ts";
import type { PodSpec, ProxyConfigSpec } from "./types.ts";
import { textsOf } from "./unchecked-fields.ts";

export const PROXY_CONFIG_ANNOTATION = "proxy.istio.io/config";

/** A workload that says something of its proxy. */
export interface AnnotatedWorkload {
  /** The Pod, or what makes it. */
  readonly resource: Resource<unknown>;
  /** Where in the resource the annotation stands. */
  readonly path: FieldPath;
  /** Those that its Pods have. */
  readonly labels: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Of what makes Pods, and of Pods: in this order, since a Pod may be one of an older template. */
export function annotatedWorkloads({
  pods,
  podMakers,
}: {
  readonly pods: readonly Resource<PodSpec>[];
  readonly podMakers: readonly Resource<unknown>[];
}): readonly AnnotatedWorkload[] {
  return [...remembered(podMakers, ofTemplate), ...remembered(pods, ofPod)];
}

/** Lists never change, and each proxy of a fleet asks for those of tens of thousands of Pods. */
const known = new WeakMap<readonly unknown[], readonly AnnotatedWorkload[]>();

function remembered<Spec>(
  list: readonly Resource<Spec>[],
  read: (resource: Resource<Spec>) => readonly AnnotatedWorkload[],
): readonly AnnotatedWorkload[] {
  const found = known.get(list) ?? list.flatMap(read);
  known.set(list, found);
  return found;
}

function ofPod(resource: Resource<PodSpec>): readonly AnnotatedWorkload[] {
  const { annotations, labels } = resource;
  return annotated(resource, annotations, labels, ["metadata"]);
}

function ofTemplate(resource: Resource<unknown>): readonly AnnotatedWorkload[] {
  const of = (name: string) => textsOf(resource.spec, "template", "metadata", name);
  return annotated(resource, of("annotations"), of("labels"), ["spec", "template", "metadata"]);
}

function annotated(
  resource: Resource<unknown>,
  annotations: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
  metadata: FieldPath,
): readonly AnnotatedWorkload[] {
  const text = annotations[PROXY_CONFIG_ANNOTATION];
  const path = [...metadata, "annotations", PROXY_CONFIG_ANNOTATION];
  return typeof text === "string" ? [{ resource, path, labels, text }] : [];
}

/** What the annotation says; undefined where something is wrong with it, which is reported at its place in the text. */
export function proxyConfigIn(
  { resource, path, text }: AnnotatedWorkload,
  sink: DiagnosticSink,
): ProxyConfigSpec | undefined {
  const { file } = resource.span;
  const outer = { file, offset: resource.offset ?? 0, spanOf: (at: FieldPath) => resource.spanOf(at) };
  let isWrong = false;
  const noting: DiagnosticSink = {
    report(finding) {
      isWrong ||= finding.level === "error";
      sink.report(finding);
    },
  };
  const [document] = embeddedDocuments(outer, path, text, noting);
  const value = withoutNulls(document?.value ?? {});
  const isFine =
    !isWrong &&
    (document === undefined ||
      checkSchema(proxyConfig, "the configuration of the proxy", value, document, [], sink));
  return isFine ? (value as ProxyConfigSpec) : undefined;
}
