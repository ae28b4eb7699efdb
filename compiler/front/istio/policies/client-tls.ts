/** `trafficPolicy.tls` of a DestinationRule: how connections to its endpoints begin. */

import type { ClientTls, Cluster } from "../../../ir/ir.ts";
import { SYSTEM_ROOTS } from "../../../ir/system-roots.ts";
import { nameOf } from "../../../source/field-path.ts";
import type { ClientTlsSettings } from "../../resources/model.ts";
import { identitiesOf, serverNameOf } from "../../services/mesh-identities.ts";
import type { Service } from "../../services/service.ts";
import type { GatheringContext } from "../context/gathering-context.ts";
import { tlsDefaultsOf } from "../context/tls-defaults.ts";
import type { ClientTlsPlace } from "../destination-rules/client-tls-places.ts";
import type { ServicePolicy } from "../destination-rules/destination-rules.ts";
import type { ServicePart } from "./cluster-endpoints.ts";

/** Bytes; Envoy refuses the cluster of a longer one. */
export const LONGEST_SERVER_NAME = 255;

/** `{}`: plain text. What is wrong with the credentials is said, and the connection is then not made at all. */
export function lowerClientTls(
  use: ServicePart,
  protocol: Cluster["protocol"],
  { tls: settings, tlsPlace: place }: ServicePolicy,
  lowering: GatheringContext,
): { readonly tls?: ClientTls } {
  if (settings === undefined || place === undefined) {
    return {};
  }
  const { cipherSuites, curves } = tlsDefaultsOf(lowering.cache.shared.settings);
  const limits = {
    ...(cipherSuites.length > 0 && { cipherSuites }),
    ...(curves.length > 0 && { curves }),
  };
  switch (settings.mode) {
    case "ISTIO_MUTUAL":
      return { tls: { ...lowerMeshTls(use, protocol, settings, place, lowering), ...limits } };
    case "SIMPLE":
    case "MUTUAL":
      return { tls: { ...lowerOwnTls(settings, settings.mode, use.service, place, lowering), ...limits } };
    default:
      return {};
  }
}

/** By certificates that the rule names. */
function lowerOwnTls(
  settings: ClientTlsSettings,
  mode: "SIMPLE" | "MUTUAL",
  { subjectAltNames: serviceNames = [], discovery }: Service,
  place: ClientTlsPlace,
  { credentials, effects }: GatheringContext,
): ClientTls {
  const { rule, path } = place;
  const at = (field: string) => rule.spanOf([...path, field]);
  const { credentialName, clientCertificate, privateKey, caCertificates, caCrl, sni, insecureSkipVerify } =
    settings;
  const use = { name: credentialName ?? "", namespace: rule.namespace, span: at("credentialName") };
  const certificate =
    mode !== "MUTUAL"
      ? undefined
      : credentialName
        ? effects.credential(credentials.certificate(use))
        : clientCertificate && privateKey
          ? effects.credential(
              credentials.certificateFiles(clientCertificate, privateKey, at("clientCertificate")),
            )
          : undefined;
  const authority = insecureSkipVerify
    ? undefined
    : credentialName
      ? effects.credential(credentials.authority(use))
      : effects.credential(
          credentials.authorityFile(caCertificates || SYSTEM_ROOTS, caCrl, at("caCertificates")),
        );
  const named = settings.subjectAltNames?.length ? settings.subjectAltNames : serviceNames;
  const subjectAltNames = insecureSkipVerify ? [] : named;
  // Who is asked is the client's choice where names are looked up, so that no other name says who that has to be.
  const isChosen = discovery === "byAuthority";
  const verifiesHost = authority !== undefined && (isChosen || (!sni && subjectAltNames.length === 0));
  return {
    subjectAltNames,
    ...(certificate !== undefined && { certificate }),
    ...(authority !== undefined && { authority }),
    ...(sni && { sni }),
    ...(verifiesHost && { verifiesHost: true as const }),
  };
}

/**
 * As workloads of the mesh speak with each other: istiod's `buildIstioMutualTLS`. Where names are looked up there is no service whose
 * name could stand in the place of the host that is asked for.
 */
function lowerMeshTls(
  { service, port, subset }: ServicePart,
  protocol: Cluster["protocol"],
  { sni, subjectAltNames, insecureSkipVerify }: ClientTlsSettings,
  { rule, path }: ClientTlsPlace,
  { credentials, effects, cache }: GatheringContext,
): ClientTls {
  const { certificate, roots } = credentials.identity(
    nameOf([...path, "mode"]),
    rule.spanOf([...path, "mode"]),
  );
  const name = effects.credential(certificate);
  const authority = effects.credential(roots);
  const isChosen = service.discovery === "byAuthority";
  const asked = sni || (isChosen ? undefined : serverNameOf(service, port, subset));
  if (asked !== undefined && Buffer.byteLength(asked) > LONGEST_SERVER_NAME) {
    effects.report(
      "SL0501",
      `refused by Envoy: the server name of ${service.host} would have more than ${LONGEST_SERVER_NAME} bytes`,
      rule.spanOf([...path, "mode"]),
      () => ({ help: "Set `sni` to a shorter one." }),
    );
  }
  return {
    subjectAltNames: subjectAltNames?.length ? subjectAltNames : identitiesOf(service, cache.shared.settings),
    ...(name !== undefined && { certificate: name }),
    ...(authority !== undefined && { authority }),
    ...(asked && { sni: asked }),
    ...(authority !== undefined && isChosen && !insecureSkipVerify && { verifiesHost: true as const }),
    applicationProtocols: APPLICATION_PROTOCOLS[protocol],
  };
}

/**
 * What sidecars tell connections of the mesh by. istiod proposes `istio` and has a filter of its own say the rest for each request; and
 * `istio-peer-exchange`, which announces a protocol that stock Envoys do not speak.
 */
const APPLICATION_PROTOCOLS: Readonly<Record<Cluster["protocol"], readonly string[]>> = {
  http1: ["istio-http/1.1", "istio", "http/1.1"],
  http2: ["istio-h2", "istio", "h2"],
  // The first bytes say which: no name that both sides know may promise one of them.
  downstream: ["istio-http/1.1", "istio-h2", "istio"],
  tcp: ["istio"],
};
