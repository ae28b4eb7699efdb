/**
 * What is not known of an input because something in it was refused. A Gateway with a misspelt field is an error at that field;
 * that two hundred rules name a Gateway which does not exist would be untrue, and would hide it.
 */

import type { Resource, ResourceSet } from "../resources/model.ts";
import { KIND_SCHEMAS } from "../resources/schema/kinds.ts";
import { fieldOf, itemsOf } from "../resources/unchecked-fields.ts";
import { covers, resolveHost } from "./host-names.ts";
import { kubernetesHost } from "./kubernetes.ts";

export class Refused {
  readonly #resources: readonly Resource<unknown>[];
  readonly #domainSuffix: string;
  /** Some text is no YAML, and may have been anything. */
  readonly #mayBeAnything: boolean;

  constructor({ refused, unreadable }: Pick<ResourceSet, "refused" | "unreadable">, domainSuffix: string) {
    this.#resources = refused;
    this.#domainSuffix = domainSuffix;
    this.#mayBeAnything = unreadable.length > 0;
  }

  /** `namespace/name` */
  has(kind: string, fullName: string): boolean {
    return (
      this.#mayBeAnything || this.#of(kind).some(({ namespace, name }) => `${namespace}/${name}` === fullName)
    );
  }

  /** Some service, with all that it says: ports, too. */
  hasHost(host: string): boolean {
    return (
      this.#mayBeAnything ||
      this.#of("Service").some((service) => kubernetesHost(service, this.#domainSuffix) === host) ||
      this.#of("ServiceEntry").some((entry) => {
        const hosts = itemsOf(entry.spec, "hosts");
        return hosts.length === 0 || hosts.some((own) => this.#isAbout(own, entry, host));
      })
    );
  }

  /** Some DestinationRule for the host. */
  hasPolicyFor(host: string): boolean {
    return (
      this.#mayBeAnything ||
      this.#of("DestinationRule").some((rule) => this.#isAbout(fieldOf(rule.spec, "host"), rule, host))
    );
  }

  /** One of a kind that does not exist is misspelt, and may be any. */
  #of(kind: string): Resource<unknown>[] {
    return this.#resources.filter((one) => one.kind === kind || !Object.hasOwn(KIND_SCHEMAS, one.kind));
  }

  #isAbout(written: unknown, { namespace }: Resource<unknown>, host: string): boolean {
    if (typeof written !== "string") {
      return true;
    }
    const own = resolveHost(written, namespace, this.#domainSuffix);
    return own === host || covers(own, host) || covers(host, own);
  }
}
