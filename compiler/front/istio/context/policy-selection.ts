/**
 * Whom a policy is for, as istiod has it (pilot/pkg/model/policyattachment.go): workloads of its namespace, or of all in the root
 * namespace, by their labels; or the Gateways that `targetRefs` name, and then labels do not count.
 */

import type { Resource } from "../../resources/model.ts";
import { fieldOf, itemsOf, textsOf } from "../../resources/unchecked-fields.ts";
import { type Labels, selects } from "../../services/labels.ts";
import type { PolicyTarget } from "./policy-target.ts";

/** Which proxy serves a Gateway of Kubernetes: its Pods have this label. */
const GATEWAY_NAME_LABEL = "gateway.networking.k8s.io/gateway-name";

/** A policy with `selector` or `targetRefs`. */
export function selectsByPolicy(policy: Resource<unknown>, proxy: PolicyTarget): boolean {
  const targets = itemsOf(policy.spec, "targetRefs");
  const all = targets.length > 0 ? targets : [fieldOf(policy.spec, "targetRef")];
  return all.some((target) => target !== undefined)
    ? all.some((target) => isTarget(target, policy, proxy))
    : selectsByLabels(policy, textsOf(policy.spec, "selector", "matchLabels"), proxy);
}

export function selectsByLabels(
  { namespace }: Resource<unknown>,
  selector: Labels,
  proxy: PolicyTarget,
): boolean {
  const isBeside = namespace === proxy.rootNamespace || namespace === proxy.namespace;
  const namesLabels = Object.keys(selector).length > 0;
  return (isBeside || (namesLabels && proxy.mayBeElsewhere)) && selects(selector, proxy.labels);
}

/** Services and ServiceEntries are those of waypoints. */
function isTarget(target: unknown, { namespace }: Resource<unknown>, proxy: PolicyTarget): boolean {
  const name = String(fieldOf(target, "name"));
  if (fieldOf(target, "kind") !== "Gateway" || (fieldOf(target, "namespace") ?? namespace) !== namespace) {
    return false;
  }
  return fieldOf(target, "group") === "networking.istio.io"
    ? proxy.gateways.has(`${namespace}/${name}`)
    : servesGateway(namespace, name, proxy);
}

/** Whether this proxy is that of a Gateway of Kubernetes. */
export function servesGateway(namespace: string, name: string, proxy: PolicyTarget): boolean {
  return proxy.labels[GATEWAY_NAME_LABEL] === name && (namespace === proxy.namespace || proxy.mayBeElsewhere);
}
