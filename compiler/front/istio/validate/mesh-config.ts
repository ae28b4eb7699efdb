/** A mesh configuration by itself. Source: istiod's `ValidateMeshConfig`, and what Envoy would refuse of a log. */

import path from "node:path";
import { jsonFormatProblems, lineFormatProblems } from "../../../options/log-format.ts";
import { MESH_CONFIG } from "../../resources/mesh-configs.ts";
import type { FieldPath, Resource } from "../../resources/resource.ts";
import { parseDuration } from "../../resources/schema/duration.ts";
import type { MeshConfigSpec } from "../../resources/types.ts";
import { checkDuration, checkHost, isDnsLabel, quote } from "./common.ts";
import { each, type Reporter } from "./reporter.ts";
import { isCipherSuite } from "./server-tls.ts";

/** Those that Envoy negotiates in its stock build. */
const CURVES: readonly string[] = ["P-224", "P-256", "P-384", "P-521", "X25519", "X25519MLKEM768"];

export function validateMeshConfig(reporter: Reporter, { spec }: Resource<MeshConfigSpec>): void {
  const { tlsDefaults, trustDomain, trustDomainAliases, serviceSettings, protocolDetectionTimeout } = spec;
  const at = (...fields: FieldPath): FieldPath => [MESH_CONFIG, ...fields];
  if (trustDomain !== undefined && trustDomain !== "") {
    checkTrustDomain(reporter, trustDomain, at("trustDomain"));
  }
  each(trustDomainAliases, at("trustDomainAliases"), (alias, path) =>
    checkTrustDomain(reporter, alias, path),
  );
  each(serviceSettings, at("serviceSettings"), ({ hosts }, path) =>
    each(hosts, [...path, "hosts"], (host, path) => checkHost(reporter, host, path)),
  );
  each(tlsDefaults?.cipherSuites, at("tlsDefaults", "cipherSuites"), (suite, path) => {
    if (suite !== "" && !isCipherSuite(suite)) {
      reporter.report("SL0279", path, `${quote(suite)} is not a known cipher suite, and is ignored`);
    }
  });
  each(tlsDefaults?.ecdhCurves, at("tlsDefaults", "ecdhCurves"), (curve, path) => {
    if (!CURVES.includes(curve)) {
      reporter.report("SL0944", path, `${quote(curve)} is not a known curve`, `Use ${CURVES.join(", ")}.`);
    }
  });
  // None at all is none that is too short.
  if (protocolDetectionTimeout !== undefined && parseDuration(protocolDetectionTimeout) !== 0) {
    checkDuration(reporter, protocolDetectionTimeout, at("protocolDetectionTimeout"));
  }
  checkAccessLog(reporter, spec, at);
}

/** istiod's `ValidateTrustDomain`: the last label may be empty. */
function checkTrustDomain(reporter: Reporter, domain: string, path: FieldPath): void {
  const labels = domain.replace(/\.$/, "").split(".");
  if (!labels.every((label) => isDnsLabel(label.toLowerCase()))) {
    reporter.report(
      "SL0944",
      path,
      `${quote(domain)} is not a valid trust domain`,
      "Use a name such as cluster.local.",
    );
  }
}

function checkAccessLog(
  reporter: Reporter,
  { accessLogFile = "", accessLogEncoding, accessLogFormat = "" }: MeshConfigSpec,
  at: (field: string) => FieldPath,
): void {
  if (accessLogFile !== "" && !path.isAbsolute(accessLogFile)) {
    reporter.report(
      "SL0944",
      at("accessLogFile"),
      `${quote(accessLogFile)} is not an absolute path`,
      "Use a path such as /dev/stdout.",
    );
  }
  if (accessLogFormat === "") {
    return;
  }
  const problems =
    accessLogEncoding === "JSON" ? jsonFormatProblems(accessLogFormat) : lineFormatProblems(accessLogFormat);
  if (problems.length > 0) {
    reporter.report("SL0944", at("accessLogFormat"), problems.join("; "));
  }
}
