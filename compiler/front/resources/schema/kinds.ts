/** The schema of each kind of resource that is read. */

import type { Schema } from "./build.ts";
import { destinationRule } from "./destination-rule.ts";
import { gateway } from "./gateway.ts";
import { endpointSlice, endpoints, node, pod, secret, service } from "./kubernetes.ts";
import { proxyConfigResource } from "./proxy-config.ts";
import { requestAuthentication } from "./request-authentication.ts";
import { serviceEntry, workloadEntry, workloadGroup } from "./service-entry.ts";
import { sidecar } from "./sidecar.ts";
import { virtualService } from "./virtual-service.ts";

export const KIND_SCHEMAS: Readonly<Record<string, Schema>> = {
  VirtualService: virtualService,
  DestinationRule: destinationRule,
  ServiceEntry: serviceEntry,
  WorkloadEntry: workloadEntry,
  WorkloadGroup: workloadGroup,
  Gateway: gateway,
  Sidecar: sidecar,
  ProxyConfig: proxyConfigResource,
  RequestAuthentication: requestAuthentication,
  Service: service,
  EndpointSlice: endpointSlice,
  Endpoints: endpoints,
  Pod: pod,
  Secret: secret,
  Node: node,
};
