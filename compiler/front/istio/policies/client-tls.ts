/** `trafficPolicy.tls` of a DestinationRule: how connections to its endpoints begin. */

import type { ClientTls } from "../../../ir/ir.ts";
import { SYSTEM_ROOTS } from "../../../ir/system-roots.ts";
import type {
  ClientTlsSettings,
  DestinationRuleSpec,
  FieldPath,
  Resource,
  TrafficPolicy,
} from "../../resources/model.ts";
import type { Credentials } from "../../services/credentials.ts";
import type { Service } from "../../services/service.ts";

type Rule = Resource<DestinationRuleSpec>;

/** Where each of the settings stands, so that what is wrong with it can be said there. */
export class ClientTlsPlaces {
  readonly #rules: readonly Rule[];
  #places: Map<ClientTlsSettings, { readonly rule: Rule; readonly path: FieldPath }> | undefined;

  constructor(rules: readonly Rule[]) {
    this.#rules = rules;
  }

  of(settings: ClientTlsSettings): { readonly rule: Rule; readonly path: FieldPath } | undefined {
    this.#places ??= new Map(this.#rules.flatMap((rule) => placesIn(rule)));
    return this.#places.get(settings);
  }
}

function placesIn(rule: Rule): [ClientTlsSettings, { rule: Rule; path: FieldPath }][] {
  const inPolicy = (policy: TrafficPolicy | undefined, path: FieldPath) =>
    [
      [policy?.tls, path] as const,
      ...(policy?.portLevelSettings ?? []).map(
        ({ tls }, i) => [tls, [...path, "portLevelSettings", i]] as const,
      ),
    ].flatMap(([tls, at]): [ClientTlsSettings, { rule: Rule; path: FieldPath }][] =>
      tls === undefined ? [] : [[tls, { rule, path: [...at, "tls"] }]],
    );
  return [
    ...inPolicy(rule.spec.trafficPolicy, ["spec", "trafficPolicy"]),
    ...(rule.spec.subsets ?? []).flatMap((subset, i) =>
      inPolicy(subset.trafficPolicy, ["spec", "subsets", i, "trafficPolicy"]),
    ),
  ];
}

/** `{}`: plain text. What is wrong with the credentials is reported, and the connection is then not made at all. */
export function lowerClientTls(
  settings: ClientTlsSettings | undefined,
  { subjectAltNames: serviceNames = [], discovery }: Pick<Service, "subjectAltNames" | "discovery">,
  places: ClientTlsPlaces,
  credentials: Credentials,
): { readonly tls?: ClientTls } {
  const { mode } = settings ?? {};
  const place = settings && places.of(settings);
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
        ? credentials.certificate(use)
        : clientCertificate && privateKey
          ? credentials.certificateFiles(clientCertificate, privateKey, at("clientCertificate"))
          : undefined;
  const authority = insecureSkipVerify
    ? undefined
    : credentialName
      ? credentials.authority(use)
      : credentials.authorityFile(caCertificates || SYSTEM_ROOTS, caCrl, at("caCertificates"));
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
