/**
 * What is known of an endpoint whose Pod is not among the input, from the templates that a Service selects. Files hold addresses of
 * endpoints, and Deployments, and hardly ever Pods; in a cluster there are always Pods, and istiod asks only those.
 */

import type { Resource, ResourceSet } from "../resources/model.ts";
import { textsOf } from "../resources/unchecked-fields.ts";
import type { PodName } from "./endpoint-owners.ts";
import { type Labels, selects } from "./labels.ts";

interface Template {
  readonly labels: Labels;
  /** The names that its Pods get. */
  readonly podName: RegExp;
  readonly nameLength: number;
}

/** What stands behind the name of what makes Pods, by its kind; else as behind a ReplicaSet's. */
const SUFFIXES: Readonly<Record<string, string>> = {
  Deployment: "-[a-z0-9]{1,10}-[a-z0-9]{5}",
  Rollout: "-[a-z0-9]{1,10}-[a-z0-9]{5}",
  StatefulSet: "-[0-9]+",
};
const SUFFIX = "-[a-z0-9]{5}";

export class TemplatePods {
  readonly #byNamespace = new Map<string, Template[]>();

  constructor({ podMakers }: Pick<ResourceSet, "podMakers">) {
    for (const maker of podMakers) {
      const labels = textsOf(maker.spec, "template", "metadata", "labels");
      if (Object.keys(labels).length > 0) {
        const known = this.#byNamespace.get(maker.namespace) ?? [];
        this.#byNamespace.set(maker.namespace, known);
        known.push({ labels, podName: podNameOf(maker), nameLength: maker.name.length });
      }
    }
  }

  /** The labels of Pods behind a Service that are of one of these templates. */
  selectedBy(namespace: string, selector: Labels): SelectedTemplates {
    const all = Object.keys(selector).length === 0 ? [] : (this.#byNamespace.get(namespace) ?? []);
    return new SelectedTemplates(all.filter(({ labels }) => selects(selector, labels)));
  }
}

/** Those that a Service selects. */
export class SelectedTemplates {
  readonly #templates: readonly Template[];
  readonly #common: Labels;

  constructor(templates: readonly Template[]) {
    this.#templates = templates;
    const [first, ...others] = templates;
    this.#common = Object.fromEntries(
      Object.entries(first?.labels ?? {}).filter(([name, value]) =>
        others.every(({ labels }) => labels[name] === value),
      ),
    );
  }

  /** Those of the template that makes Pods of this name; of a Pod without one, what all templates have in common. */
  labelsOf(pod: PodName | undefined): Labels {
    const [own] =
      pod === undefined
        ? []
        : this.#templates
            .filter(({ podName }) => podName.test(pod.name))
            .sort((a, b) => b.nameLength - a.nameLength);
    return own?.labels ?? this.#common;
  }
}

function podNameOf({ kind, name }: Resource<unknown>): RegExp {
  const suffix = Object.hasOwn(SUFFIXES, kind) ? SUFFIXES[kind]! : SUFFIX;
  return new RegExp(`^${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}${suffix}$`);
}
