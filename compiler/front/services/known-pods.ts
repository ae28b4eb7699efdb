/**
 * The Pods that an input tells of: those in it, and those that Deployments and their like will make. Repositories hold
 * templates, and hardly ever Pods: who asks whether some Pod has a label asks both.
 */

import type { Resource, ResourceSet } from "../resources/model.ts";
import { fieldOf, textsOf } from "../resources/unchecked-fields.ts";
import { type Labels, selects } from "./labels.ts";
import { type MeshPlace, withTopology } from "./locality.ts";

/** A Pod by what selectors see of it. */
export interface KnownPod {
  readonly namespace: string;
  readonly labels: Labels;
  /** Where its node stands; `undefined` of a template, whose Pods may stand anywhere. */
  readonly topology: Labels | undefined;
}

export function knownPods({ pods, nodes, podMakers }: ResourceSet, place: MeshPlace): KnownPod[] {
  const topologies = new Map(nodes.map(({ name, labels }) => [name, topologyOf(labels)]));
  return [
    ...pods.map(({ namespace, labels, spec }) => ({
      namespace,
      labels: withTopology(labels, undefined, place),
      topology: topologies.get(spec.spec?.nodeName ?? "") ?? {},
    })),
    ...podMakers.flatMap((maker) => templatePods(maker, place)),
  ];
}

/** Whether a Pod belongs to a subset; wherever its template's Pods may stand, some may stand there. */
export function isOfSubset({ labels, topology }: KnownPod, subset: Labels): boolean {
  return topology === undefined
    ? selects(withoutUnknown(subset, labels), labels)
    : selects(subset, { ...topology, ...labels });
}

const TOPOLOGY = "topology.";

function topologyOf(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => name.startsWith(TOPOLOGY)));
}

/** Of a subset, what can be asked of a template; its cluster is known. */
function withoutUnknown(subset: Labels, labels: Labels): Labels {
  return Object.fromEntries(
    Object.entries(subset).filter(([name]) => !name.startsWith(TOPOLOGY) || Object.hasOwn(labels, name)),
  );
}

/** None where there is no template: a Rollout may borrow that of a Deployment, which is there by itself. */
function templatePods({ namespace, spec }: Resource<unknown>, place: MeshPlace): KnownPod[] {
  const own = textsOf(spec, "template", "metadata", "labels");
  const labels = withTopology(own, undefined, place);
  return Object.keys(own).length > 0 ? [{ namespace, labels, topology: undefined }] : [];
}

/** A port of a container, by its name. */
interface ContainerPort {
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
}

/** Of the Pods of a namespace that a selector finds, those of templates among them. */
export function containerPorts(
  { pods, podMakers }: Pick<ResourceSet, "pods" | "podMakers">,
  namespace: string,
  selector: Labels,
): ContainerPort[] {
  const own = [
    ...pods.map(({ namespace, labels, spec }) => ({ namespace, labels, spec: fieldOf(spec, "spec") })),
    ...podMakers.map(({ namespace, spec }) => ({
      namespace,
      labels: textsOf(spec, "template", "metadata", "labels"),
      spec: fieldOf(spec, "template", "spec"),
    })),
  ].filter((pod) => pod.namespace === namespace && selects(selector, pod.labels));
  return own
    .flatMap(({ spec }) => listOf(fieldOf(spec, "containers")))
    .flatMap((container) => listOf(fieldOf(container, "ports")))
    .map((port) => ({
      name: String(fieldOf(port, "name") ?? ""),
      protocol: String(fieldOf(port, "protocol") ?? "TCP"),
      port: Number(fieldOf(port, "containerPort")),
    }))
    .filter(({ port }) => Number.isInteger(port) && port > 0 && port < 65_536);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
