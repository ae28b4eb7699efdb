/** `trafficPolicy.tls` of a DestinationRule: how connections to its endpoints begin. */

import type { ClientTls } from "../../../ir/ir.ts";
import { SYSTEM_ROOTS } from "../../../ir/system-roots.ts";
import type { ClientTlsSettings } from "../../resources/model.ts";
import type { Service } from "../../services/service.ts";
import type { GatheringContext } from "../context/gathering-context.ts";
import type { ClientTlsPlace } from "../destination-rules/client-tls-places.ts";

/** `{}`: plain text. What is wrong with the credentials is said, and the connection is then not made at all. */
export function lowerClientTls(
  settings: ClientTlsSettings | undefined,
  { subjectAltNames: serviceNames = [], discovery }: Pick<Service, "subjectAltNames" | "discovery">,
  place: ClientTlsPlace | undefined,
  { credentials, effects }: GatheringContext,
): { readonly tls?: ClientTls } {
  const { mode } = settings ?? {};
  if (settings === undefined || place === undefined || (mode !== "SIMPLE" && mode !== "MUTUAL")) {
    return {};
  }
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
    tls: {
      subjectAltNames,
      ...(certificate !== undefined && { certificate }),
      ...(authority !== undefined && { authority }),
      ...(sni && { sni }),
      ...(verifiesHost && { verifiesHost: true as const }),
    },
  };
}
