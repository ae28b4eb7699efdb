/** What is said of a kind that cannot be listed or watched. */

import { ApiError } from "../client/api-error.ts";
import { apiVersionOf, type ResourceType } from "../client/resource-types.ts";

/** `virtualservices.networking.istio.io`, as `kubectl` writes it. */
function resourceName({ group, plural }: ResourceType): string {
  return group === "" ? plural : `${plural}.${group}`;
}

/** The server does not know the kind. */
export function missingLine(type: ResourceType): string {
  return `the API server has no ${resourceName(type)} (${apiVersionOf(type)}): their CRD is not installed; they are looked for again every minute`;
}

/** With the rule of RBAC that would mend it. */
export function forbiddenLine(type: ResourceType, error: Error): string {
  return [
    `${resourceName(type)} may not be read: ${error.message}; add to a Role or ClusterRole of this account:`,
    `  - apiGroups: ["${type.group}"]`,
    `    resources: ["${type.plural}"]`,
    `    verbs: ["get", "list", "watch"]`,
  ].join("\n");
}

/** What may come right by itself, and is tried again. No answer at all is the same line for every kind. */
export function troubleLine(type: ResourceType, error: Error): string {
  if (!(error instanceof ApiError)) {
    return error.message;
  }
  // Who asks is the same for all kinds, and so is what is said of it.
  return error.status === 401
    ? error.message
    : `${resourceName(type)} cannot be watched: the API server answers ${error.status}: ${error.message}`;
}
