/**
 * What is kept in memory of an object: its document, and what is asked of it besides. Of a Pod of 20 kB that is half a kilobyte,
 * of which there may be tens of thousands.
 */

import type { KubernetesObject } from "../client/kubernetes-object.ts";
import type { ResourceType } from "../client/resource-types.ts";
import { type NamedSecrets, namedSecrets } from "./named-secrets.ts";
import { documentText, LAST_APPLIED } from "./object-document.ts";

export interface KeptObject extends KubernetesObject {
  readonly text: string;
  /** JSON of what `kubectl apply` was given last. */
  readonly lastApplied?: string;
  /** Of a rule: which Secrets it names. */
  readonly secrets?: NamedSecrets;
  /** Of a Pod: by which selectors find it. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** For a `Reflector` of the kind. Never throws, whatever the object is. */
export function keepDocument(type: ResourceType): (object: KubernetesObject) => KeptObject {
  return (object) => {
    const { name, namespace, uid, resourceVersion, generation, creationTimestamp, annotations, labels } =
      object.metadata;
    const lastApplied = annotations?.[LAST_APPLIED];
    const secrets = namedSecrets(type.kind, object);
    return {
      metadata: {
        name,
        uid,
        resourceVersion,
        ...(namespace !== undefined && { namespace }),
        ...(generation !== undefined && { generation }),
        ...(creationTimestamp !== undefined && { creationTimestamp }),
      },
      text: documentText(type, object),
      // That of a Secret holds what is secret, and nobody has mistakes in another kind shown.
      ...(type.group === "networking.istio.io" && typeof lastApplied === "string" && { lastApplied }),
      ...(secrets !== undefined && { secrets }),
      ...(type.kind === "Pod" && labels !== undefined && { labels }),
    };
  };
}
