/** networking.istio.io VirtualService: https://istio.io/latest/docs/reference/config/networking/virtual-service/ */

import {
  boolean,
  bytes,
  called,
  duration,
  int32,
  list,
  map,
  object,
  oneOf,
  percent,
  port,
  portSelector,
  resource,
  type ShapeOf,
  string,
  stringMatch,
  uint32,
} from "./build.ts";

export const destination = object(
  { host: string, subset: string, port: portSelector },
  { required: ["host"] },
);

export const headerOperations = object({ set: map(string), add: map(string), remove: list(string) });
export const headers = object({ request: headerOperations, response: headerOperations });

/** A null condition is refused by validation, which knows what to say of it. */
const conditions = map<ShapeOf<typeof stringMatch>>({ ...stringMatch, type: ["object", "null"] });

export const httpMatch = object({
  name: string,
  uri: stringMatch,
  scheme: stringMatch,
  method: stringMatch,
  authority: stringMatch,
  headers: conditions,
  withoutHeaders: conditions,
  queryParams: conditions,
  port,
  sourceLabels: map(string),
  sourceNamespace: string,
  gateways: list(string),
  ignoreUriCase: boolean,
  statPrefix: string,
});

export const redirect = object(
  {
    uri: string,
    prefixRewrite: string,
    authority: string,
    port,
    derivePort: oneOf("FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"),
    scheme: string,
    redirectCode: called("status", uint32, 301),
  },
  { exclusive: [["port", "derivePort"]] },
);

const directResponse = object(
  {
    status: called("status", uint32, 200),
    body: object({ string, bytes }, { exclusive: [["string", "bytes"]] }),
  },
  { required: ["status"] },
);

export const rewrite = object({
  uri: string,
  authority: string,
  uriRegexRewrite: object({ match: string, rewrite: string }),
});

export const retries = object({
  attempts: int32,
  perTryTimeout: duration,
  retryOn: string,
  retryRemoteLocalities: boolean,
  retryIgnorePreviousHosts: boolean,
  backoff: duration,
});

export const fault = object({
  delay: object(
    {
      fixedDelay: duration,
      exponentialDelay: duration,
      percent: called("percentage", int32, 50),
      percentage: percent,
    },
    { exclusive: [["fixedDelay", "exponentialDelay"]] },
  ),
  abort: object(
    { httpStatus: called("status", int32, 503), grpcStatus: string, http2Error: string, percentage: percent },
    { exclusive: [["httpStatus", "grpcStatus", "http2Error"]] },
  ),
});

export const corsPolicy = object({
  allowOrigin: list(string),
  allowOrigins: list(stringMatch),
  allowMethods: list(string),
  allowHeaders: list(string),
  exposeHeaders: list(string),
  maxAge: duration,
  allowCredentials: boolean,
  unmatchedPreflights: oneOf("UNSPECIFIED", "FORWARD", "IGNORE"),
});

export const httpRoute = object({
  name: string,
  match: list(httpMatch),
  route: list(object({ destination, weight: int32, headers }, { required: ["destination"] })),
  redirect,
  directResponse,
  delegate: object({ name: string, namespace: string }),
  rewrite,
  timeout: duration,
  retries,
  fault,
  mirror: destination,
  mirrors: list(object({ destination, percentage: percent }, { required: ["destination"] })),
  mirrorPercent: called("percentage", uint32, 50),
  mirror_percent: called("percentage", uint32, 50),
  mirrorPercentage: percent,
  corsPolicy,
  headers,
});

const l4Destinations = list(object({ destination, weight: int32 }, { required: ["destination"] }));
const l4Match = {
  destinationSubnets: list(string),
  port,
  sourceLabels: map(string),
  sourceNamespace: string,
  gateways: list(string),
};

export const virtualService = resource(
  object({
    hosts: list(string),
    gateways: list(string),
    http: list(httpRoute),
    tls: list(
      object(
        {
          match: list(object({ ...l4Match, sniHosts: list(string) }, { required: ["sniHosts"] })),
          route: l4Destinations,
        },
        { required: ["match"] },
      ),
    ),
    tcp: list(object({ match: list(object({ ...l4Match, sourceSubnet: string })), route: l4Destinations })),
    exportTo: list(string),
  }),
);
