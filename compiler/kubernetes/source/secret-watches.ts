/** Which Secrets have to be watched: those that rules name, in the namespaces where a proxy may look for them. */

import type { Documents } from "./documents.ts";
import type { KeptObject } from "./kept-object.ts";

type Labels = Readonly<Record<string, string>>;

/** A Secret of a namespace. */
export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

export interface RulesAndPods {
  readonly gateways: Documents;
  readonly destinationRules: Documents;
  readonly pods: Documents;
  /** Namespaces of proxies that are known otherwise. */
  readonly proxyNamespaces: readonly string[];
}

/**
 * By `namespace/name`. Istio's gateways look in their own namespace, which their Pods tell; where there are none, a proxy that is told
 * nothing looks in that of the rule, too.
 */
export function wantedSecrets({
  gateways,
  destinationRules,
  pods,
  proxyNamespaces,
}: RulesAndPods): Map<string, SecretName> {
  const rules = [...gateways.entries, ...destinationRules.entries].filter(
    ({ object }) => object.secrets !== undefined,
  );
  const wanted = new Map<string, SecretName>();
  if (rules.length === 0) {
    return wanted;
  }
  const served = new Set(proxyNamespaces);
  const selectors = gatewaySelectors(gateways);
  for (const { object } of pods.entries) {
    if (isSelected(object, selectors)) {
      served.add(object.metadata.namespace ?? "");
    }
  }
  for (const { object } of rules) {
    for (const namespace of new Set([...served, object.metadata.namespace ?? ""])) {
      for (const name of object.secrets!.names) {
        wanted.set(`${namespace}/${name}`, { namespace, name });
      }
    }
  }
  return wanted;
}

/** Of Gateways that name Secrets. One that selects everything tells nothing of where its proxies are. */
export function gatewaySelectors(gateways: Documents): readonly Labels[] {
  return [...gateways.entries].flatMap(({ object }) => {
    const selector = object.secrets?.servedBy;
    return selector === undefined || Object.keys(selector).length === 0 ? [] : [selector];
  });
}

/** Whether a Pod serves a Gateway. */
export function isSelected({ labels = {} }: KeptObject, selectors: readonly Labels[]): boolean {
  return selectors.some((selector) =>
    Object.entries(selector).every(([name, value]) => Object.hasOwn(labels, name) && labels[name] === value),
  );
}
