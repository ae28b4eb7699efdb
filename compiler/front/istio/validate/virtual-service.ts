/**
 * One VirtualService by itself: hosts, gateways, and that there is something to route. The rules inside are
 * checked in `http-route.ts` and `l4-route.ts`. Source: istiod's `ValidateVirtualService`.
 */

import { isIP } from "node:net";
import type { FieldPath, Resource } from "../../resources/resource.ts";
import type { VirtualServiceSpec } from "../../resources/types.ts";
import { firstOverlaps } from "../../services/host-overlaps.ts";
import { checkExportTo, hostError, quote } from "./common.ts";
import { checkGatewayNames } from "./gateway-names.ts";
import { checkHttpRoute } from "./http-route.ts";
import { checkTcpRoute, checkTlsRoute, isInternalSni } from "./l4-route.ts";
import { each, type Reporter } from "./reporter.ts";
import { warnUnreachable } from "./unreachable.ts";

const SPEC: FieldPath = ["spec"];

export function validateVirtualService(reporter: Reporter, { spec }: Resource<VirtualServiceSpec>): void {
  const delegate = (spec.hosts ?? []).length === 0;
  if (delegate) {
    for (const field of ["gateways", "tls", "tcp"] as const) {
      if ((spec[field] ?? []).length > 0) {
        reporter.report(
          "SL0211",
          [...SPEC, field],
          "a VirtualService without hosts is a delegate and has only http rules",
        );
      }
    }
  }
  checkGatewayNames(reporter, spec.gateways, [...SPEC, "gateways"]);
  const gateways = spec.gateways ?? [];
  const mesh = gateways.length === 0 || gateways.includes("mesh");
  checkHosts(reporter, spec, mesh);
  if (!spec.http?.length && !spec.tls?.length && !spec.tcp?.length) {
    reporter.report("SL0217", SPEC, "the VirtualService has no http, tls or tcp rules");
  }
  each(spec.http, [...SPEC, "http"], (route, path) =>
    checkHttpRoute(reporter, route, path, { delegate, claims: !mesh }),
  );
  each(spec.tls, [...SPEC, "tls"], (route, path) => checkTlsRoute(reporter, route, path, spec));
  each(spec.tcp, [...SPEC, "tcp"], (route, path) => checkTcpRoute(reporter, route, path));
  checkExportTo(reporter, spec.exportTo);
  warnUnreachable(reporter, spec);
}

function checkHosts(reporter: Reporter, spec: VirtualServiceSpec, mesh: boolean): void {
  let valid = true;
  const sni = !mesh && spec.tls?.some((route) => route.match?.some((match) => match.sniHosts?.length));
  each(spec.hosts, [...SPEC, "hosts"], (host, path) => {
    const wrong = isIP(host) !== 0 ? undefined : hostError(host, true);
    if (wrong !== undefined && !(sni && isInternalSni(host))) {
      reporter.report("SL0203", path, `${quote(host)}: ${wrong}`);
      valid = false;
    } else if (mesh && host === "*") {
      reporter.report(
        "SL0215",
        path,
        '"*" is not allowed as a host in the mesh',
        "Name the hosts, or bind the rules to gateways only.",
      );
      valid = false;
    }
  });
  if (!valid) {
    return;
  }
  const hosts = (spec.hosts ?? []).map((host) => host.toLowerCase());
  const overlaps = firstOverlaps(hosts);
  each(hosts, [...SPEC, "hosts"], (host, path, i) => {
    const other = overlaps[i];
    if (other === undefined) {
      return;
    }
    reporter.report("SL0216", path, `${quote(host)} overlaps with ${quote(hosts[other]!)}`);
  });
}
