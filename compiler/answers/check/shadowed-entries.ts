/**
 * ServiceEntries that istiod throws away, as a whole or in part, since another resource has their host: of two that a
 * proxy sees, those alike are put together, and else one is heard. Source: istiod's `appendSidecarServices`.
 */

import type { Resource, ServiceEntrySpec, ServiceSpec } from "../../front/resources/model.ts";
import { kubernetesHost } from "../../front/services/kubernetes.ts";
import { byAge } from "../../front/services/order.ts";
import { kinOf } from "../../front/services/service-entries.ts";
import { seenTogether } from "./service-entries.ts";
import type { View } from "./view.ts";

type ServiceEntry = Resource<ServiceEntrySpec>;

export function reportShadowedEntries(view: View): void {
  const { services, serviceEntries } = view.resources;
  const kubernetes = new Map(
    services.map((service) => [kubernetesHost(service, view.options.domainSuffix), service]),
  );
  const byHost = new Map<string, ServiceEntry[]>();
  for (const entry of [...serviceEntries].sort(byAge)) {
    for (const host of new Set((entry.spec.hosts ?? []).map((written) => written.toLowerCase()))) {
      const known = byHost.get(host);
      if (known === undefined) {
        byHost.set(host, [entry]);
      } else {
        known.push(entry);
      }
    }
  }
  for (const [host, entries] of byHost) {
    const service = kubernetes.get(host);
    for (const [i, entry] of entries.entries()) {
      const loss =
        (service && lossBeside(entry, service)) ??
        entries
          .slice(0, i)
          .reduce<Loss | undefined>((found, older) => found ?? lossBehind(entry, older), undefined);
      if (loss !== undefined) {
        report(entry, host, loss, view);
      }
    }
  }
}

interface Loss {
  readonly by: Resource<unknown>;
  /** `has no effect for …`. */
  readonly what: string;
  readonly why: string;
}

/** A Kubernetes Service of the same name and namespace shares its endpoints; one elsewhere takes the name alone. */
function lossBeside(entry: ServiceEntry, service: Resource<ServiceSpec>): Loss | undefined {
  return entry.namespace === service.namespace || isForItsOwnAlone(entry)
    ? undefined
    : {
        by: service,
        what: `has no effect outside namespace ${entry.namespace}`,
        why: `Service ${service.namespace}/${service.name} has this host`,
      };
}

/** Proxies of its namespace use it before others. */
function isForItsOwnAlone({ spec, namespace }: ServiceEntry): boolean {
  return spec.exportTo?.length ? spec.exportTo.every((scope) => scope === "." || scope === namespace) : false;
}

function lossBehind(entry: ServiceEntry, older: ServiceEntry): Loss | undefined {
  if (!seenTogether(entry, older)) {
    return undefined;
  }
  const has = `ServiceEntry ${older.namespace}/${older.name} has this host`;
  if (older.namespace !== entry.namespace) {
    return isForItsOwnAlone(entry)
      ? undefined
      : {
          by: older,
          what: `has no effect outside namespace ${entry.namespace}`,
          why: `${has}, is older, and stands in another namespace`,
        };
  }
  const [mine, theirs] = [entry, older].map(({ spec }) => spec.resolution ?? "NONE") as [string, string];
  if (mine !== theirs) {
    return { by: older, what: "has no effect", why: `${has} with resolution ${theirs}, and is older` };
  }
  const known = new Set((older.spec.ports ?? []).map(({ number }) => number));
  const lost = (entry.spec.ports ?? []).map(({ number }) => number).filter((number) => !known.has(number));
  if (lost.length === 0 || kinOf(entry) === kinOf(older)) {
    return undefined;
  }
  return {
    by: older,
    what: `has no effect on ${lost.length === 1 ? "port" : "ports"} ${lost.join(", ")}`,
    why: `${has} with other labels, another workloadSelector or another exportTo, and is older`,
  };
}

function report(entry: ServiceEntry, host: string, { by, what, why }: Loss, view: View): void {
  const index = (entry.spec.hosts ?? []).findIndex((written) => written.toLowerCase() === host);
  view.report("SL0822", entry, ["spec", "hosts", index], `this ServiceEntry ${what} for "${host}": ${why}`, {
    related: [{ message: "the other one", span: by.span }],
    help: "Put all ports and endpoints of a host into one ServiceEntry.",
  });
}
