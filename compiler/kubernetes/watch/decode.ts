/** JSON of a list and of a watch → objects. Nothing is believed of what comes over the wire. */

import { EnvironmentError } from "../../platform/error.ts";
import { apiErrorOfStatus } from "../client/api-error.ts";
import type { KubernetesObject } from "../client/kubernetes-object.ts";
import { apiVersionOf, type ResourceType } from "../client/resource-types.ts";
import type { Page, WatchEvent } from "./list-watch.ts";

/** What came is not what an API server sends. */
export class ForeignEventError extends EnvironmentError {
  constructor(what: string) {
    super(`${what}; is a proxy in between?`);
    this.name = "ForeignEventError";
  }
}

type Keep = ((object: KubernetesObject) => KubernetesObject) | undefined;
type Fields = Readonly<Record<string, unknown>>;

/** Throws a `ForeignEventError`. */
export function decodePage(answer: unknown, type: ResourceType, keep: Keep): Page {
  const { items, metadata } = fieldsOf(answer, "a list is not an object");
  const { resourceVersion, continue: continueFrom } = fieldsOf(metadata, "a list has no metadata");
  if (typeof resourceVersion !== "string" || (items !== null && !Array.isArray(items))) {
    throw new ForeignEventError(`a list of ${type.plural} has no items or no resourceVersion`);
  }
  return {
    items: (items ?? []).map((item: unknown) => decodeObject(item, type, keep)),
    resourceVersion,
    ...(typeof continueFrom === "string" && continueFrom !== "" && { continueFrom }),
  };
}

/** Throws an `ApiError` for what the server calls an error, and a `ForeignEventError`. */
export function decodeEvent(line: string, type: ResourceType, keep: Keep): WatchEvent {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new ForeignEventError(`a watch of ${type.plural} sends something that is not JSON`);
  }
  const { type: what, object } = fieldsOf(
    value,
    `a watch of ${type.plural} sends something that is not an event`,
  );
  switch (what) {
    case "ERROR":
      throw apiErrorOfStatus(object);
    case "BOOKMARK": {
      const { metadata } = fieldsOf(object, "a bookmark has no object");
      const { resourceVersion } = fieldsOf(metadata, "a bookmark has no metadata");
      if (typeof resourceVersion !== "string") {
        throw new ForeignEventError("a bookmark has no resourceVersion");
      }
      return { type: what, resourceVersion };
    }
    case "ADDED":
    case "MODIFIED":
    case "DELETED":
      return { type: what, object: decodeObject(object, type, keep) };
    default:
      throw new ForeignEventError(`a watch of ${type.plural} sends an event of an unknown type`);
  }
}

/** Items of a list have no kind of their own; who wrote which field is half of an object, and read by nobody here. */
function decodeObject(value: unknown, type: ResourceType, keep: Keep): KubernetesObject {
  const fields = fieldsOf(value, `one of the ${type.plural} is not an object`);
  const { managedFields: _, ...metadata } = fieldsOf(
    fields.metadata,
    `one of the ${type.plural} has no metadata`,
  );
  for (const field of ["name", "uid", "resourceVersion"]) {
    if (typeof metadata[field] !== "string") {
      throw new ForeignEventError(`one of the ${type.plural} has no ${field}`);
    }
  }
  const object = {
    ...fields,
    apiVersion: apiVersionOf(type),
    kind: type.kind,
    metadata,
  } as unknown as KubernetesObject;
  return keep === undefined ? object : keep(object);
}

function fieldsOf(value: unknown, otherwise: string): Fields {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new ForeignEventError(otherwise);
  }
  return value as Fields;
}
