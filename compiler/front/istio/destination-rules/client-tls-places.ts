/** Where `tls` settings of DestinationRules stand, which a policy that was put together of several has forgotten. */

import type {
  ClientTlsSettings,
  DestinationRuleSpec,
  FieldPath,
  Resource,
  TrafficPolicy,
} from "../../resources/model.ts";

type Rule = Resource<DestinationRuleSpec>;

export interface ClientTlsPlace {
  readonly rule: Rule;
  readonly path: FieldPath;
}

/** Where each of the settings stands, so that what is wrong with it can be said there. */
export class ClientTlsPlaces {
  readonly #rules: readonly Rule[];
  /** Made when it is asked for: most rules have none. */
  #places: Map<ClientTlsSettings, ClientTlsPlace> | undefined;

  constructor(rules: readonly Rule[]) {
    this.#rules = rules;
  }

  of(settings: ClientTlsSettings): ClientTlsPlace | undefined {
    this.#places ??= new Map(this.#rules.flatMap((rule) => placesIn(rule)));
    return this.#places.get(settings);
  }
}

function placesIn(rule: Rule): [ClientTlsSettings, ClientTlsPlace][] {
  const inPolicy = (policy: TrafficPolicy | undefined, path: FieldPath) =>
    [
      [policy?.tls, path] as const,
      ...(policy?.portLevelSettings ?? []).map(
        ({ tls }, i) => [tls, [...path, "portLevelSettings", i]] as const,
      ),
    ].flatMap(([tls, at]): [ClientTlsSettings, ClientTlsPlace][] =>
      tls === undefined ? [] : [[tls, { rule, path: [...at, "tls"] }]],
    );
  return [
    ...inPolicy(rule.spec.trafficPolicy, ["spec", "trafficPolicy"]),
    ...(rule.spec.subsets ?? []).flatMap((subset, i) =>
      inPolicy(subset.trafficPolicy, ["spec", "subsets", i, "trafficPolicy"]),
    ),
  ];
}
