/** The Services by which the ports of proxies are reached: those of Gateways by everybody, those of the mesh from inside. */

import type { Config } from "../../ir/ir.ts";
import { type Socket, socketsOf } from "../../ir/sockets.ts";
import { meantPort } from "../../options/port-map.ts";
import type { ProxyOptions } from "../../options.ts";
import type { Workload } from "./manifest.ts";
import type { Resources } from "./manifests.ts";

/** A Pod has one address: sockets on the same port of others are the same port there. A unix socket is for its own Pod. */
export function portsOf(config: Config): Socket[] {
  const open = socketsOf(config).filter(({ port }) => port !== 0);
  return [...new Map(open.map((socket) => [socket.port, socket])).values()];
}

/** By the names of their files. */
export function services(workload: Workload, sockets: readonly Socket[], proxy: ProxyOptions): Resources {
  const { name } = workload;
  const isEdge = ({ role }: Socket) => role === "gateway";
  const edge = sockets.filter(isEdge);
  const mesh = sockets.filter((socket) => !isEdge(socket));
  return {
    ...(edge.length > 0 && { "service.yaml": service(name, workload, FOR_EVERYBODY, edge, proxy) }),
    ...(mesh.length > 0 && {
      "mesh-service.yaml": service(`${name}-mesh`, workload, FOR_THE_MESH, mesh, proxy),
    }),
  };
}

/** Envoy sees the client's own address. */
const FOR_EVERYBODY = { type: "LoadBalancer", externalTrafficPolicy: "Local" };
/** What services ask for one another is not for the world outside. */
const FOR_THE_MESH = { type: "ClusterIP" };

function service(
  name: string,
  { labels, selector }: Workload,
  reach: object,
  sockets: readonly Socket[],
  proxy: ProxyOptions,
): object {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, labels },
    spec: { ...reach, selector, ports: servicePorts(sockets, proxy) },
  };
}

function servicePorts(sockets: readonly Socket[], { portMap }: ProxyOptions): object[] {
  return sockets.map(({ role, port, servicePort, scheme }) => {
    const meant = servicePort ?? meantPort(portMap, role, port);
    return { name: `${scheme}-${meant}`, port: meant, targetPort: `port-${port}` };
  });
}
