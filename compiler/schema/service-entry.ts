/**
 * networking.istio.io ServiceEntry and WorkloadEntry:
 * https://istio.io/latest/docs/reference/config/networking/service-entry/
 */

import { list, map, object, oneOf, resource, type Schema, string, uint32 } from "./build.ts";

const workload = object({
  address: string,
  ports: map(uint32),
  labels: map(string),
  network: string,
  locality: string,
  weight: uint32,
  serviceAccount: string,
});

export const workloadEntry: Schema = resource(workload);

export const serviceEntry: Schema = resource(
  object(
    {
      hosts: { ...list(string), minItems: 1 },
      addresses: list(string),
      ports: list(
        object(
          { number: uint32, name: string, protocol: string, targetPort: uint32 },
          { required: ["number", "name"] },
        ),
      ),
      location: oneOf("MESH_EXTERNAL", "MESH_INTERNAL"),
      resolution: oneOf("NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"),
      endpoints: list(workload),
      workloadSelector: object({ labels: map(string) }),
      exportTo: list(string),
      subjectAltNames: list(string),
    },
    { required: ["hosts"] },
  ),
);
