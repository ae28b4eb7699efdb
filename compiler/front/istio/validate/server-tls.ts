/** TLS settings of a Gateway's server. Source: istiod's `validateTLSOptions`. */

import type { FieldPath } from "../../resources/resource.ts";
import type { ServerTlsSettings } from "../../resources/types.ts";
import { quote } from "./common.ts";
import { each, type Reporter } from "./reporter.ts";

const CIPHER_SUITES = new Set(
  `ECDHE-ECDSA-AES256-GCM-SHA384 ECDHE-RSA-AES256-GCM-SHA384 ECDHE-ECDSA-AES128-GCM-SHA256
   ECDHE-RSA-AES128-GCM-SHA256 ECDHE-ECDSA-CHACHA20-POLY1305 ECDHE-RSA-CHACHA20-POLY1305 ECDHE-ECDSA-AES256-SHA
   ECDHE-RSA-AES256-SHA ECDHE-ECDSA-AES128-SHA ECDHE-RSA-AES128-SHA AES256-GCM-SHA384 AES128-GCM-SHA256 AES256-SHA
   AES128-SHA DES-CBC3-SHA ALL [ECDHE-ECDSA-AES128-GCM-SHA256|ECDHE-ECDSA-CHACHA20-POLY1305]
   [ECDHE-RSA-AES128-GCM-SHA256|ECDHE-RSA-CHACHA20-POLY1305]`.split(/\s+/),
);
/** Whether Envoy knows a cipher suite. A sign in front adds it to the default, moves it back, or takes it out. */
export function isCipherSuite(suite: string): boolean {
  return CIPHER_SUITES.has(suite.replace(/^[-+!]/, ""));
}

const CERTIFICATE_FIELDS = [
  "serverCertificate",
  "privateKey",
  "caCertificates",
  "caCrl",
  "credentialName",
  "credentialNames",
  "tlsCertificates",
] as const;

/** Of a version's own, whose names are in their order; TLS_AUTO is any. */
function isVersion(version: string | undefined): version is string {
  return version?.startsWith("TLSV") === true;
}

export function checkServerTls(reporter: Reporter, tls: ServerTlsSettings, path: FieldPath): void {
  const mode = tls.mode ?? "PASSTHROUGH";
  if (["TLSV1_0", "TLSV1_1"].includes(tls.minProtocolVersion ?? "") && !tls.cipherSuites?.length) {
    reporter.report(
      "SL0279",
      [...path, "minProtocolVersion"],
      "no cipher suite for this old version is enabled by default",
      "Set cipherSuites, or use TLSV1_2.",
    );
  }
  const { minProtocolVersion: least, maxProtocolVersion: most } = tls;
  if (isVersion(least) && isVersion(most) && least > most) {
    reporter.report(
      "SL0296",
      [...path, "maxProtocolVersion"],
      `${most} is older than minProtocolVersion, ${least}: no client could connect`,
    );
  }
  const seen = new Set<string>();
  each(tls.cipherSuites, [...path, "cipherSuites"], (suite, at) => {
    if (suite !== "" && !isCipherSuite(suite)) {
      reporter.report("SL0279", at, `${quote(suite)} is not a known cipher suite, and is ignored`);
    } else if (seen.has(suite)) {
      reporter.report("SL0279", at, `${quote(suite)} is listed twice`);
    }
    seen.add(suite);
  });
  const given = CERTIFICATE_FIELDS.filter((field) => (tls[field]?.length ?? 0) > 0);
  if (mode === "ISTIO_MUTUAL") {
    for (const field of given.filter((name) => name !== "caCrl")) {
      reporter.report(
        "SL0263",
        [...path, field],
        `ISTIO_MUTUAL uses the mesh's own certificates; remove ${field}`,
      );
    }
    return;
  }
  if (mode === "PASSTHROUGH" || mode === "AUTO_PASSTHROUGH") {
    for (const field of given) {
      reporter.report(
        "SL0279",
        [...path, field],
        `${mode} does not terminate TLS, so ${field} has no effect`,
      );
    }
    checkSources(reporter, tls, path);
    if (tls.caCrl && tls.credentialName) {
      reporter.report(
        "SL0263",
        [...path, "caCrl"],
        "caCrl cannot be combined with credentialName; the Secret contains the list",
      );
    }
    return;
  }
  checkSources(reporter, tls, path);
  checkCertificates(reporter, tls, path, mode);
}

function checkSources(reporter: Reporter, tls: ServerTlsSettings, path: FieldPath): void {
  const sources = [
    Boolean(tls.credentialName) && "credentialName",
    (tls.credentialNames?.length ?? 0) > 0 && "credentialNames",
    Boolean(tls.serverCertificate && tls.privateKey) && "serverCertificate",
    (tls.tlsCertificates?.length ?? 0) > 0 && "tlsCertificates",
  ].filter((source) => source !== false);
  for (const source of sources.slice(1)) {
    reporter.report(
      "SL0263",
      [...path, source],
      `the certificate is given by ${sources.join(" and ")}; keep one of them`,
    );
  }
}

function checkCertificates(reporter: Reporter, tls: ServerTlsSettings, path: FieldPath, mode: string): void {
  if (tls.credentialName || tls.credentialNames?.length) {
    return;
  }
  if (tls.caCrl && mode === "SIMPLE") {
    reporter.report(
      "SL0263",
      [...path, "caCrl"],
      "SIMPLE does not verify clients; use MUTUAL, or remove caCrl",
    );
  }
  if (!tls.tlsCertificates?.length) {
    for (const field of ["serverCertificate", "privateKey"] as const) {
      if (!tls[field]) {
        reporter.report("SL0263", path, `${mode} needs ${field} or a credentialName`);
      }
    }
  } else {
    each(tls.tlsCertificates, [...path, "tlsCertificates"], (certificate, at) => {
      for (const field of ["serverCertificate", "privateKey"] as const) {
        if (!certificate?.[field]) {
          reporter.report("SL0263", at, `${field} is missing`);
        }
      }
    });
  }
  if (mode !== "SIMPLE" && !tls.caCertificates) {
    reporter.report("SL0263", path, `${mode} needs caCertificates or a credentialName, to verify clients`);
  }
}
