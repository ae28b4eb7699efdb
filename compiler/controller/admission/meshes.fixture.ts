/** Objects of a cluster as an API server hands them over, and what becomes of them. */

import { loadResources, type ResourceSet } from "../../front/resources/model.ts";
import { DEFAULT_PROXY_OPTIONS } from "../../options.ts";
import { parseDocuments } from "../../source/parse.ts";
import type { AdmissionRequest, AdmissionResponse } from "./admission-review.ts";
import { type ReviewedAgainst, review } from "./review.ts";

export interface ClusterObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly [field: string]: unknown;
  };
  readonly spec?: unknown;
  readonly [field: string]: unknown;
}

export function objectsIn(yaml: string): ClusterObject[] {
  return parseDocuments({ path: "objects.yaml", text: yaml }, { report() {} }).map(
    ({ value }) => value as ClusterObject,
  );
}

export function cluster(objects: readonly ClusterObject[]): ResourceSet {
  const files = objects.map((object) => ({
    path: `kubernetes://${object.metadata.namespace ?? "default"}/${object.kind}/${object.metadata.name}`,
    text: JSON.stringify(object),
  }));
  return loadResources(files, { report() {} });
}

export function requestFor(
  operation: AdmissionRequest["operation"],
  object: ClusterObject,
  oldObject?: ClusterObject,
): AdmissionRequest {
  const { apiVersion, kind, metadata } = object;
  return {
    uid: "1",
    group: apiVersion.includes("/") ? apiVersion.split("/")[0]! : "",
    kind,
    subresource: "",
    namespace: metadata.namespace ?? "default",
    name: metadata.name,
    operation,
    ...(operation === "DELETE" ? { oldObject: object } : { object }),
    ...(oldObject && { oldObject }),
  };
}

/** Of an object of `yaml` that is applied to a cluster that has `there`. */
export function applied(
  yaml: string,
  there: string,
  options: Partial<ReviewedAgainst> = {},
): AdmissionResponse {
  const [object] = objectsIn(yaml);
  const objects = objectsIn(there);
  const same = ({ kind, metadata }: ClusterObject) =>
    kind === object!.kind && metadata.name === object!.metadata.name;
  const old = objects.find(same);
  return review(requestFor(old === undefined ? "CREATE" : "UPDATE", object!, old), {
    resources: cluster(objects),
    proxy: DEFAULT_PROXY_OPTIONS,
    ...options,
  });
}

/** Of an object that is deleted. */
export function deleted(kind: string, name: string, there: string): AdmissionResponse {
  const objects = objectsIn(there);
  const object = objects.find((one) => one.kind === kind && one.metadata.name === name)!;
  return review(requestFor("DELETE", object), {
    resources: cluster(objects),
    proxy: DEFAULT_PROXY_OPTIONS,
  });
}
