/**
 * Whether an object may become what somebody applies: what `sluice check` would say of it in the midst of all others. A pure
 * function of the request and of what the others are.
 *
 * - What is wrong with the object itself is a refusal; so is what the change makes wrong elsewhere.
 * - What was wrong elsewhere before is not this object's fault, and is not told.
 * - A reference that leads nowhere is a warning, as everywhere: whatever it names may be applied next.
 * - An object can always be deleted; what that leaves dangling is a warning.
 * - Who does not touch the rules of a wrong object (its labels, its finalizers) is warned and not refused: it was let in before.
 */

import { isDeepStrictEqual } from "node:util";
import type { SourceFile } from "../../diagnostics/span.ts";
import { loadResources, type Resource, type ResourceSet } from "../../front/resources/model.ts";
import { fieldOf } from "../../front/resources/unchecked-fields.ts";
import { isRule, RESOURCE_TYPES } from "../../kubernetes/client/resource-types.ts";
import type { ProxyOptions } from "../../options.ts";
import type { AdmissionRequest, AdmissionResponse } from "./admission-review.ts";
import { changeFindings, fileOfObject } from "./change-findings.ts";
import { Surroundings } from "./surroundings.ts";
import { type ObjectFinding, refusal, warningsOf } from "./wording.ts";

/** What a change is held against. */
export interface ReviewedAgainst {
  /** Everything that is there. */
  readonly resources: ResourceSet;
  /** What holds for a proxy that claims nothing. */
  readonly proxy: ProxyOptions;
  /** Count warnings as errors. Default: false. */
  readonly strict?: boolean;
}

/** Levels; the API server itself takes objects that would end the stack of whoever walks through them. */
const DEEPEST = 100;

export function review(request: AdmissionRequest, against: ReviewedAgainst): AdmissionResponse {
  const { uid } = request;
  if (!isReviewed(request)) {
    return { uid, allowed: true };
  }
  if (request.object !== undefined && !isFlat(request.object)) {
    const text = `the object is nested more than ${DEEPEST} levels deep (SL0006)`;
    const error: ObjectFinding = { level: "error", field: "", text, brief: text };
    return { uid, allowed: false, status: refusal(request, [error]) };
  }
  const findings = findingsOf(request, against);
  const isError = ({ level }: ObjectFinding) =>
    level === "error" || (against.strict === true && level === "warning");
  const isForgiven = request.operation === "DELETE" || isUntouched(request);
  const errors = isForgiven ? [] : findings.filter(isError);
  const warnings = warningsOf(
    findings.filter((finding) => finding.level !== "info" && !errors.includes(finding)),
  );
  return {
    uid,
    allowed: errors.length === 0,
    ...(errors.length > 0 && { status: refusal(request, errors) }),
    ...(warnings.length > 0 && { warnings }),
  };
}

/** Rules, and what they lead to. What is on its way out is not held back by what is wrong with it. */
function isReviewed(request: AdmissionRequest): boolean {
  const { group, kind, subresource, operation, object } = request;
  const isService = group === RESOURCE_TYPES.Service.group && kind === RESOURCE_TYPES.Service.kind;
  const isOurs = (isRule(request) || isService) && subresource === "";
  const isLeaving = fieldOf(object, "metadata", "deletionTimestamp") !== undefined;
  const hasObject = operation === "DELETE" || object !== undefined;
  return isOurs && operation !== "CONNECT" && !isLeaving && hasObject;
}

function isUntouched({ operation, object, oldObject }: AdmissionRequest): boolean {
  return operation === "UPDATE" && isDeepStrictEqual(fieldOf(object, "spec"), fieldOf(oldObject, "spec"));
}

function findingsOf(request: AdmissionRequest, { resources, proxy }: ReviewedAgainst): ObjectFinding[] {
  const known = surroundingsOf(resources, proxy.domainSuffix);
  const old = known.find({ ...request, namespace: request.namespace || "default" });
  const now = request.operation === "DELETE" ? undefined : fileOfObject(request.object!);
  const change = { ...(old && { old }), ...(now && { now }) };
  const versions = [old, now && resourceIn(now)].filter((one) => one !== undefined);
  return changeFindings(change, known.of(versions), proxy);
}

/** Undefined where its schema refuses it: nothing is known of it then, and nobody is said to lack it. */
function resourceIn(file: SourceFile): Resource<unknown> | undefined {
  const { ignored: _, unreadable: __, refused: ___, ...lists } = loadResources([file], { report() {} });
  return Object.values(lists).flat()[0];
}

function surroundingsOf(resources: ResourceSet, domainSuffix: string): Surroundings {
  const known = surroundings.get(resources) ?? new Surroundings(resources, domainSuffix);
  surroundings.set(resources, known);
  return known;
}

const surroundings = new WeakMap<ResourceSet, Surroundings>();

function isFlat(object: object): boolean {
  let level: unknown[] = [object];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) {
      return false;
    }
    level = level.flatMap((value) =>
      typeof value === "object" && value !== null ? Object.values(value) : [],
    );
  }
  return true;
}
