/** networking.istio.io Sidecar: https://istio.io/latest/docs/reference/config/networking/sidecar/ */

import { list, map, object, oneOf, port, resource, string, text } from "./build.ts";
import { connectionPool } from "./destination-rule.ts";
import { tls } from "./gateway.ts";
import { destination } from "./virtual-service.ts";

const listenerPort = object({ number: port, protocol: string, name: string, targetPort: port });
const captureMode = oneOf("DEFAULT", "IPTABLES", "NONE");

export const sidecar = resource(
  object({
    workloadSelector: object({ labels: map(text(63), { maxProperties: 256 }) }),
    ingress: list(
      object(
        { port: listenerPort, bind: string, captureMode, defaultEndpoint: string, tls, connectionPool },
        { required: ["port"] },
      ),
    ),
    egress: list(
      object({ port: listenerPort, bind: string, captureMode, hosts: list(string) }, { required: ["hosts"] }),
    ),
    inboundConnectionPool: connectionPool,
    outboundTrafficPolicy: object({
      mode: oneOf("REGISTRY_ONLY", "ALLOW_ANY"),
      egressProxy: destination,
    }),
  }),
);
