/** Rules, from right to hopeless. */

import { stringify } from "yaml";
import type { Corpus } from "./corpus.ts";
import type { Dice } from "./dice.ts";
import { mutatedText, mutatedValue } from "./mutate.ts";
import { SEED_RULES } from "./seed-rules.ts";
import { trap } from "./traps.ts";

/** Anything at all. */
export function hostileRules(dice: Dice, corpus: Corpus): string {
  const kind = dice.next();
  if (kind < 0.15) {
    return trap(dice);
  }
  if (kind < 0.2) {
    return mutatedText(trap(dice), dice);
  }
  if (kind < 0.5) {
    return mutatedText(dice.pick(corpus.texts), dice);
  }
  const text = written(
    dice
      .several(corpus.resources, 4)
      .map((resource) => (dice.chance(0.3) ? resource : mutations(resource, dice, 3))),
    dice,
  );
  return kind < 0.65 ? mutatedText(text, dice) : text;
}

/** Rules that have a chance to be right. */
export function plausibleRules(dice: Dice, corpus: Corpus): string {
  const kind = dice.next();
  if (kind < 0.7) {
    return written(composed(dice, corpus), dice);
  }
  const text = dice.pick(corpus.texts);
  return kind < 0.73 ? text : mutatedText(text, dice);
}

/** Without rules, and without what needs a certificate. */
const SERVICES = SEED_RULES.filter(({ kind }) => kind !== "VirtualService" && kind !== "Secret").map((one) =>
  one.kind === "Gateway" ? withoutTls(one) : one,
);

function withoutTls(gateway: (typeof SEED_RULES)[number]): object {
  const { servers = [], ...rest } = gateway.spec as { servers?: readonly { tls?: object }[] };
  return { ...gateway, spec: { ...rest, servers: servers.filter(({ tls }) => tls === undefined) } };
}

const HOSTS = ["a.example", "s.example", "*.b.example", "reviews", "k", "*.example"];

/** Rules that are right, of which some are different in a second version. */
export function twoVersions(dice: Dice, corpus: Corpus): readonly [before: string, after: string] {
  const before = composed(dice, corpus, 0);
  const after = before.map((resource) => {
    const { spec } = resource as { spec?: { http?: readonly object[] } };
    if (spec?.http === undefined || dice.chance(0.3)) {
      return resource;
    }
    const http = [...spec.http];
    const kind = dice.next();
    const at = dice.below(http.length);
    if (kind < 0.3) {
      http[at] = dice.pick(corpus.httpRules);
    } else if (kind < 0.5) {
      http.splice(at, 1);
    } else if (kind < 0.7) {
      http.unshift(...http.splice(at, 1));
    } else {
      http.splice(at, 0, dice.pick(corpus.httpRules));
    }
    return { ...resource, spec: { ...spec, http: http.length > 0 ? http : spec.http } };
  });
  return [written(before, dice), written(after, dice)];
}

/** Rules of others for hosts of our own, now and then with a little harm done to one; and services for them. */
function composed(dice: Dice, corpus: Corpus, harm = 0.1): object[] {
  const hosts = HOSTS.filter(() => dice.chance(0.4));
  const rules = (host: string, i: number) => ({
    apiVersion: "networking.istio.io/v1",
    kind: "VirtualService",
    metadata: { name: `rules-${i}`, namespace: "default" },
    spec: {
      hosts: [host],
      ...(dice.chance(0.2) && { gateways: ["mesh", "gw"] }),
      http: Array.from({ length: 1 + dice.below(5) }, () => {
        const rule = dice.pick(corpus.httpRules);
        return dice.chance(harm) ? mutatedValue(rule, dice) : rule;
      }),
    },
  });
  return [...SERVICES, ...hosts.map(rules)];
}

function mutations(value: object, dice: Dice, most: number): unknown {
  let result: unknown = value;
  for (let i = 1 + dice.below(most); i > 0; i--) {
    result = mutatedValue(result, dice);
  }
  return result;
}

function written(documents: readonly unknown[], dice: Dice): string {
  const kind = dice.next();
  if (kind < 0.2) {
    return JSON.stringify({ apiVersion: "v1", kind: "List", items: documents });
  }
  if (kind < 0.7) {
    return documents.map((document) => JSON.stringify(document)).join("\n---\n");
  }
  return documents.map((document) => stringify(document)).join("---\n");
}
