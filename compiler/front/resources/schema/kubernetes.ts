/** Of Kubernetes' own kinds only what we read is checked; the rest is the API server's business. */

import { boolean, called, list, map, metadata, object, type Schema, string } from "./build.ts";

const open = { open: true } as const;
const resource = <P extends Readonly<Record<string, Schema>>>(fields: P) =>
  object({ apiVersion: string, kind: string, metadata, ...fields }, open);

/** Kubernetes takes no other, and Envoy refuses a listener's whole build for one. */
const socketPort: Schema<number> = called("port", { type: "integer", minimum: 1, maximum: 65_535 }, 8080);
const portOrName: Schema<number | string> = { type: ["integer", "string"] };
const targetRef = object({ kind: string, name: string, namespace: string }, open);

export const service = resource({
  spec: object(
    {
      type: string,
      clusterIP: string,
      clusterIPs: list(string),
      externalName: string,
      trafficDistribution: string,
      selector: map(string),
      ports: list(
        object(
          {
            name: string,
            port: socketPort,
            protocol: string,
            targetPort: portOrName,
            appProtocol: string,
          },
          { ...open, required: ["port"] },
        ),
      ),
    },
    open,
  ),
});

export const endpointSlice = resource({
  addressType: string,
  endpoints: list(
    object(
      {
        addresses: list(string),
        conditions: object({ ready: boolean, serving: boolean, terminating: boolean }, open),
        nodeName: string,
        zone: string,
        targetRef,
      },
      open,
    ),
  ),
  ports: list(object({ name: string, port: socketPort, protocol: string, appProtocol: string }, open)),
});

const address = object({ ip: string, hostname: string, targetRef }, open);

export const endpoints = resource({
  subsets: list(
    object(
      {
        addresses: list(address),
        notReadyAddresses: list(address),
        ports: list(object({ name: string, port: socketPort, protocol: string }, open)),
      },
      open,
    ),
  ),
});

/** Its labels say where it is. */
export const node = resource({});

export const pod = resource({
  spec: object({ serviceAccountName: string, nodeName: string }, open),
  status: object(
    {
      podIP: string,
      podIPs: list(object({ ip: string }, open)),
      phase: string,
      conditions: list(object({ type: string, status: string }, open)),
    },
    open,
  ),
});

export const secret = resource({ type: string, data: map(string), stringData: map(string) });
