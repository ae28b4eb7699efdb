/**
 * networking.istio.io ServiceEntry and WorkloadEntry:
 * https://istio.io/latest/docs/reference/config/networking/service-entry/
 */

import { anything, list, map, object, oneOf, port, resource, string, text, uint32 } from "./build.ts";

export const workload = object({
  address: text(256),
  ports: map(port, { maxProperties: 128 }),
  labels: map(string, { maxProperties: 256 }),
  network: text(2048),
  locality: text(2048),
  weight: uint32,
  serviceAccount: text(253),
});

export const workloadEntry = resource(workload);

/** https://istio.io/latest/docs/reference/config/networking/workload-group/ */
export const workloadGroup = resource(
  object(
    {
      metadata: object({
        labels: map(string, { maxProperties: 256 }),
        annotations: map(string, { maxProperties: 256 }),
      }),
      template: workload,
      probe: anything,
    },
    { required: ["template"] },
  ),
);

export const serviceEntry = resource(
  object(
    {
      hosts: list(string, { minItems: 1, maxItems: 256 }),
      addresses: list(text(64), { maxItems: 256 }),
      ports: list(
        object(
          { number: port, name: text(256), protocol: text(256), targetPort: port },
          { required: ["number", "name"] },
        ),
        { maxItems: 256 },
      ),
      location: oneOf("MESH_EXTERNAL", "MESH_INTERNAL"),
      resolution: oneOf("NONE", "STATIC", "DNS", "DNS_ROUND_ROBIN", "DYNAMIC_DNS"),
      endpoints: list(workload, { maxItems: 4096 }),
      workloadSelector: object({ labels: map(text(63), { maxProperties: 256 }) }),
      exportTo: list(string),
      subjectAltNames: list(string),
    },
    { required: ["hosts"] },
  ),
);
