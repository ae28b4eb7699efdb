/** Active health checks, which are ours: the annotation `sluice.dev/health-check`. */

import type { Explanations } from "./entry.ts";

export const HEALTH_CHECKS = {
  SL0932: {
    why: "A check that cannot be made, that overlaps with the next, or that has no endpoints to ask lets a dead endpoint go on failing requests, though the rules look as if it were watched.",
    example: {
      in: "file",
      wrong: `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: pay, annotations: { sluice.dev/health-check: http /healthz every 1s timeout 3s } }
spec: { hosts: [pay.example], resolution: STATIC, location: MESH_EXTERNAL, ports: [{ number: 80, name: http, protocol: HTTP }], endpoints: [{ address: 10.0.0.1 }] }`,
      right: `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: pay, annotations: { sluice.dev/health-check: http /healthz every 5s timeout 3s } }
spec: { hosts: [pay.example], resolution: STATIC, location: MESH_EXTERNAL, ports: [{ number: 80, name: http, protocol: HTTP }], endpoints: [{ address: 10.0.0.1 }] }`,
    },
  },
} as const satisfies Explanations;
