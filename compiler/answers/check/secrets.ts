/**
 * Secrets that rules name: SL0424 and SL0425. Whether an Envoy gets one is asked where one is built; here, whether the input
 * contradicts itself. Keys are seldom kept with rules, but what makes a Secret is: it counts as one.
 */

import { X509Certificate } from "node:crypto";
import path from "node:path";
import type { FieldPath, Resource } from "../../front/resources/model.ts";
import { fieldOf } from "../../front/resources/unchecked-fields.ts";
import { secretName } from "../../front/services/credentials.ts";
import { FILES_ON_DISK } from "../../source/files-on-disk.ts";
import { podsOf, type View } from "./view.ts";

export function checkSecrets(view: View): void {
  const known = new KnownSecrets(view);
  if (!known.areKept) {
    return;
  }
  for (const gateway of view.resources.gateways) {
    const namespace = podsOf(view, gateway.spec.selector)[0]?.namespace;
    for (const [index, { tls }] of (gateway.spec.servers ?? []).entries()) {
      const at: FieldPath = ["spec", "servers", index, "tls"];
      const uses = [
        [tls?.credentialName, "credentialName"] as const,
        ...(tls?.credentialNames ?? []).map((name, i) => [name, "credentialNames", i] as const),
      ];
      for (const [name, ...field] of uses) {
        known.check(gateway, [...at, ...field], name, namespace);
      }
      known.checkPresence(gateway, [...at, "caCertCredentialName"], tls?.caCertCredentialName, namespace);
    }
  }
  for (const rule of view.resources.destinationRules) {
    const at: FieldPath = ["spec", "trafficPolicy", "tls", "credentialName"];
    known.checkPresence(rule, at, rule.spec.trafficPolicy?.tls?.credentialName, undefined);
  }
}

class KnownSecrets {
  readonly #view: View;
  /** `namespace/name` of what is a Secret in a cluster, be it in the input or made there. */
  readonly #names: ReadonlySet<string>;
  /** Somebody keeps certificates in this input, so that one which is missing is likely a slip. */
  readonly areKept: boolean;

  constructor(view: View) {
    const { secrets, neighbours, refused } = view.resources;
    this.#view = view;
    this.#names = new Set([
      ...[...secrets, ...refused.filter(({ kind }) => kind === "Secret")].map(
        ({ namespace, name }) => `${namespace}/${name}`,
      ),
      ...neighbours.flatMap((one) => secretsMadeBy(one).map((name) => `${one.namespace}/${name}`)),
    ]);
    this.areKept =
      secrets.length > 0 ||
      view.options.secretsDirectory !== "" ||
      neighbours.some(({ kind }) => kind === "Certificate");
  }

  /** A certificate with its key. */
  check(
    resource: Resource<unknown>,
    path: FieldPath,
    name: string | undefined,
    namespace: string | undefined,
  ): void {
    const found = this.checkPresence(resource, path, name, namespace);
    const secret = this.#view.resources.secrets.find((one) => found === `${one.namespace}/${one.name}`);
    const flaw = secret && flawOfSecret(secret, this.#view.now);
    if (flaw !== undefined) {
      this.#view.report("SL0424", resource, path, `Secret ${found} ${flaw}`, {
        related: [{ message: "the Secret", span: secret!.span }],
      });
    }
  }

  /** Its full name when it is there. `namespace`: that of the Pods that need it; absent where no Pod is known. */
  checkPresence(
    resource: Resource<unknown>,
    path: FieldPath,
    written: string | undefined,
    namespace: string | undefined,
  ): string | undefined {
    if (!written) {
      return undefined;
    }
    const name = secretName(written);
    const found =
      namespace === undefined
        ? [...this.#names].find((one) => one.endsWith(`/${name}`))
        : [`${namespace}/${name}`].find((one) => this.#names.has(one));
    if (found === undefined && !this.#isInFolder(name)) {
      const where = namespace === undefined ? `"${name}"` : `${namespace}/${name}`;
      this.#view.report("SL0425", resource, path, `unknown Secret ${where}`, {
        help: "It must be in the namespace of the Pods that need it.",
      });
    }
    return found;
  }

  #isInFolder(name: string): boolean {
    const { secretsDirectory } = this.#view.options;
    return secretsDirectory !== "" && FILES_ON_DISK.exists(path.join(secretsDirectory, name));
  }
}

/** The names of the Secrets that a controller makes of a resource. */
function secretsMadeBy({ kind, name, spec }: Resource<unknown>): string[] {
  const named = (value: unknown, otherwise?: string) => {
    const found = typeof value === "string" ? value : otherwise;
    return found === undefined ? [] : [found];
  };
  switch (kind) {
    case "Certificate":
      return named(fieldOf(spec, "secretName"));
    case "ExternalSecret":
      return named(fieldOf(spec, "target", "name"), name);
    case "SealedSecret":
      return named(fieldOf(spec, "template", "metadata", "name"), name);
    default:
      return [];
  }
}

const KEYS: readonly (readonly [certificate: string, key: string])[] = [
  ["tls.crt", "tls.key"],
  ["cert", "key"],
];

/** Why no server could use it; `undefined` when one could. */
function flawOfSecret({ document }: Resource<unknown>, now: Date): string | undefined {
  const { data = {}, stringData = {} } = (document ?? {}) as { data?: unknown; stringData?: unknown };
  const value = (key: string): string | undefined => {
    const plain = (stringData as Record<string, unknown> | null)?.[key];
    const encoded = (data as Record<string, unknown> | null)?.[key];
    if (typeof plain === "string") {
      return plain;
    }
    return typeof encoded === "string" ? Buffer.from(encoded, "base64").toString("latin1") : undefined;
  };
  const pair = KEYS.find(
    ([certificate, key]) => value(certificate) !== undefined && value(key) !== undefined,
  );
  if (pair === undefined) {
    return "has no tls.crt and tls.key";
  }
  try {
    const { validTo, validFrom } = new X509Certificate(value(pair[0])!);
    if (Date.parse(validTo) < now.getTime()) {
      return `has a certificate that expired on ${validTo}`;
    }
    if (Date.parse(validFrom) > now.getTime()) {
      return `has a certificate that is not valid before ${validFrom}`;
    }
    return undefined;
  } catch {
    return `has a ${pair[0]} that is not a valid certificate`;
  }
}
