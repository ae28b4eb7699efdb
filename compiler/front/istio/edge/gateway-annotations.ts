/** What our own annotations of a Gateway say of its listeners. */

import type { Listener } from "../../../ir/ir.ts";
import { COMPRESSION, ERROR_PAGE } from "../../resources/annotations.ts";
import { parseCompression } from "../../resources/compression.ts";
import { parseErrorPages } from "../../resources/error-pages.ts";
import type { GatheringContext } from "../context/gathering-context.ts";
import type { GatewayServer } from "./gateway-servers.ts";

/** Of several servers, which share a port without TLS, the first is asked, as istiod asks it for what a listener has once. */
export function lowerGatewayAnnotations(
  servers: readonly [GatewayServer, ...GatewayServer[]],
  lowering: GatheringContext,
): Pick<Listener, "errorPages" | "compression"> {
  const [{ gateway }] = servers;
  for (const name of [ERROR_PAGE, COMPRESSION]) {
    reportOthers(name, servers, lowering);
  }
  const pages = parsed(gateway.annotations[ERROR_PAGE], parseErrorPages);
  const compression = parsed(gateway.annotations[COMPRESSION], parseCompression);
  return {
    ...(pages && "pages" in pages && { errorPages: pages.pages }),
    ...(compression && "compression" in compression && { compression: compression.compression }),
  };
}

function parsed<T>(value: string | undefined, parse: (value: string) => T): T | undefined {
  return value === undefined ? undefined : parse(value);
}

function reportOthers(
  name: string,
  [first, ...others]: readonly [GatewayServer, ...GatewayServer[]],
  { effects }: GatheringContext,
): void {
  const said = first.gateway.annotations[name];
  for (const { gateway, server } of others) {
    const own = gateway.annotations[name];
    if (own !== undefined && own !== said) {
      effects.report(
        "SL0979",
        `on port ${server.port.number} the annotation has no effect: the listener is that of the older Gateway ${first.gatewayName}, which says otherwise`,
        gateway.spanOf(["metadata", "annotations", name]),
        () => ({
          related: [{ message: "the Gateway that is asked", span: first.gateway.spanOf(["metadata"]) }],
          help: "Write the same annotation on both, or give this Gateway another port.",
        }),
      );
    }
  }
}
