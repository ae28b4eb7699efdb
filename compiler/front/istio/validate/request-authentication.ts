/** One RequestAuthentication by itself. Source: istiod's `ValidateRequestAuthentication`, and what Envoy asks of header names. */

import { isHeaderToken } from "../../resources/header-names.ts";
import type { FieldPath, Resource } from "../../resources/resource.ts";
import type { JwtRule, PolicyTargetReference, RequestAuthenticationSpec } from "../../resources/types.ts";
import { keysIn, parseJwksUri } from "../policies/token-keys.ts";
import { checkDuration, quote } from "./common.ts";
import { each, type Reporter } from "./reporter.ts";

const INVALID = "SL0973";

export function validateRequestAuthentication(
  reporter: Reporter,
  { spec }: Resource<RequestAuthenticationSpec>,
): void {
  const { selector, targetRef, targetRefs, jwtRules } = spec;
  const labels = selector?.matchLabels ?? {};
  if (selector !== undefined && Object.keys(labels).length === 0) {
    reporter.report(
      "SL0294",
      ["spec", "selector"],
      "a selector without labels selects every workload of the namespace",
    );
  }
  for (const [name, value] of Object.entries(labels)) {
    if (name === "" || `${name}${value}`.includes("*")) {
      const at = ["spec", "selector", "matchLabels", name];
      reporter.report(
        INVALID,
        at,
        `${quote(`${name}=${value}`)} is not a label; a selector has no wildcards`,
      );
    }
  }
  if (targetRef !== undefined) {
    checkTarget(reporter, targetRef, ["spec", "targetRef"]);
  }
  each(targetRefs, ["spec", "targetRefs"], (target, path) => checkTarget(reporter, target, path));
  each(jwtRules, ["spec", "jwtRules"], (rule, path) => checkRule(reporter, rule, path));
}

/** What a policy of Istio's can be attached to, as `group/Kind`. */
const TARGETS = [
  "gateway.networking.k8s.io/Gateway",
  "gateway.networking.k8s.io/GatewayClass",
  "core/Service",
  "networking.istio.io/ServiceEntry",
];

function checkTarget(
  reporter: Reporter,
  { group, kind, name, namespace }: PolicyTargetReference,
  path: FieldPath,
): void {
  if (name === "") {
    reporter.report(INVALID, [...path, "name"], "the target has no name");
  }
  if (namespace) {
    reporter.report(INVALID, [...path, "namespace"], "a target is in the namespace of the policy; remove it");
  }
  if (!TARGETS.includes(`${group || "core"}/${kind}`)) {
    reporter.report(
      INVALID,
      path,
      `${quote(`${group ?? ""}/${kind}`)} cannot be a target`,
      `Use one of ${TARGETS.join(", ")}; for a Gateway of Istio, use selector.`,
    );
  }
}

function checkRule(reporter: Reporter, rule: JwtRule, path: FieldPath): void {
  const uri = rule.jwksUri ?? rule.jwks_uri;
  if (!rule.issuer && !uri) {
    reporter.report(INVALID, path, "the rule needs an issuer or a jwksUri");
  }
  checkFilled(reporter, rule.audiences, [...path, "audiences"]);
  checkFilled(reporter, rule.fromParams, [...path, "fromParams"]);
  checkFilled(reporter, rule.fromCookies, [...path, "fromCookies"]);
  checkFilled(reporter, rule.spaceDelimitedClaims, [...path, "spaceDelimitedClaims"]);
  if (uri) {
    const parsed = parseJwksUri(uri);
    if (typeof parsed === "string") {
      const field = rule.jwksUri === undefined ? "jwks_uri" : "jwksUri";
      reporter.report(INVALID, [...path, field], `${quote(uri)}: ${parsed}`);
    }
  }
  if (rule.jwks) {
    checkKeys(reporter, rule.jwks, [...path, "jwks"]);
  }
  each(rule.fromHeaders, [...path, "fromHeaders"], ({ name, prefix = "" }, at) => {
    checkHeaderName(reporter, name, [...at, "name"]);
    if (LINE_BREAK.test(prefix)) {
      reporter.report(INVALID, [...at, "prefix"], "it contains a line break or a NUL");
    }
  });
  if (rule.outputPayloadToHeader) {
    checkHeaderName(reporter, rule.outputPayloadToHeader, [...path, "outputPayloadToHeader"]);
  }
  each(rule.outputClaimToHeaders, [...path, "outputClaimToHeaders"], ({ header, claim }, at) => {
    if (!/^[-_A-Za-z0-9]+$/.test(header)) {
      reporter.report(INVALID, [...at, "header"], `${quote(header)} is not a valid header name`);
    }
    if (claim === "") {
      reporter.report(INVALID, [...at, "claim"], "the claim has no name");
    }
  });
  checkDuration(reporter, rule.timeout, [...path, "timeout"]);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are refused
const LINE_BREAK = /[\u0000\r\n]/;

function checkFilled(reporter: Reporter, list: readonly string[] | undefined, path: FieldPath): void {
  each(list, path, (value, at) => {
    if (value === "") {
      reporter.report(INVALID, at, "the value is empty");
    }
  });
}

function checkHeaderName(reporter: Reporter, name: string, path: FieldPath): void {
  if (!isHeaderToken(name)) {
    reporter.report(INVALID, path, `${quote(name)} is not a valid header name`);
  }
}

function checkKeys(reporter: Reporter, jwks: string, path: FieldPath): void {
  const keys = keysIn(jwks);
  if (typeof keys === "string") {
    reporter.report(INVALID, path, keys, 'Write a JSON Web Key Set: {"keys": […]}.');
    return;
  }
  for (const [i, key] of keys.entries()) {
    if ("d" in key || "k" in key) {
      reporter.report(
        "SL0974",
        path,
        `key ${i + 1} contains its private part; verifying a token needs the public part only`,
        "Remove it, and replace the key: whoever can read these rules can sign tokens.",
      );
    }
  }
}
