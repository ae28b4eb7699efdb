/**
 * `AdmissionReview` of admission.k8s.io/v1, as far as it is read and written here.
 * https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#request
 */

import { isObject } from "../../front/resources/is-object.ts";
import { fieldOf } from "../../front/resources/unchecked-fields.ts";

const API_VERSION = "admission.k8s.io/v1";
const KIND = "AdmissionReview";
const OPERATIONS = ["CREATE", "UPDATE", "DELETE", "CONNECT"] as const;

/** What is to happen to an object. */
export interface AdmissionRequest {
  readonly uid: string;
  readonly group: string;
  readonly kind: string;
  /** `status`, `scale`; empty for the object itself. */
  readonly subresource: string;
  /** Empty where the object is not in a namespace. */
  readonly namespace: string;
  readonly name: string;
  readonly operation: (typeof OPERATIONS)[number];
  /** As it is to be; absent for `DELETE`. */
  readonly object?: object;
  /** As it is; absent for `CREATE`. */
  readonly oldObject?: object;
}

/** `AdmissionReview.response`. */
export interface AdmissionResponse {
  readonly uid: string;
  readonly allowed: boolean;
  readonly status?: AdmissionStatus;
  /** Each of at most 256 characters. */
  readonly warnings?: readonly string[];
}

/** `Status` of meta/v1: kubectl prints its causes as a list, other clients its message. */
export interface AdmissionStatus {
  readonly code: 422;
  readonly status: "Failure";
  readonly reason: "Invalid";
  readonly message: string;
  readonly details: {
    readonly name: string;
    readonly group: string;
    readonly kind: string;
    readonly causes: readonly StatusCause[];
  };
}

export interface StatusCause {
  readonly reason: "FieldValueInvalid";
  readonly field: string;
  readonly message: string;
}

/** A body that is no `AdmissionReview` that could be answered; the message is for the API server's log. */
export class AdmissionReviewError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "AdmissionReviewError";
  }
}

/** Throws an `AdmissionReviewError`. */
export function readAdmissionReview(body: string): AdmissionRequest {
  let review: unknown;
  try {
    review = JSON.parse(body);
  } catch (error) {
    throw new AdmissionReviewError(`the body is not valid JSON: ${(error as Error).message}`);
  }
  const [apiVersion, kind] = [fieldOf(review, "apiVersion"), fieldOf(review, "kind")];
  if (apiVersion !== API_VERSION || kind !== KIND) {
    throw new AdmissionReviewError(
      `the body is ${said(kind)} of ${said(apiVersion)}; this webhook answers ${KIND} of ${API_VERSION}: write \`admissionReviewVersions: [v1]\` in its configuration`,
    );
  }
  const text = (...path: readonly string[]) => {
    const value = fieldOf(review, "request", ...path);
    return typeof value === "string" ? value : "";
  };
  const object = (name: string) => {
    const value = fieldOf(review, "request", name);
    return isObject(value) ? { [name]: value } : {};
  };
  const operation = OPERATIONS.find((one) => one === text("operation"));
  if (text("uid") === "" || text("kind", "kind") === "" || operation === undefined) {
    throw new AdmissionReviewError(
      "the AdmissionReview has no request with a `uid`, a `kind` and an `operation`",
    );
  }
  const { oldObject, object: now } = { ...object("object"), ...object("oldObject") } as Record<
    string,
    object
  >;
  return {
    uid: text("uid"),
    group: text("kind", "group"),
    kind: text("kind", "kind"),
    subresource: text("subResource"),
    namespace: text("namespace"),
    // Of a collection that is deleted, and of a name that the API server makes, only the object may know it.
    name: text("name") || text("object", "metadata", "name") || text("oldObject", "metadata", "name"),
    operation,
    ...(now && { object: now }),
    ...(oldObject && { oldObject }),
  };
}

export function writeAdmissionReview(response: AdmissionResponse): string {
  return JSON.stringify({ apiVersion: API_VERSION, kind: KIND, response });
}

/** What a client sent may be long, and anything. */
function said(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value.slice(0, 100)) : "nothing";
}
