/** One Sidecar by itself. */

import type { Explanations } from "./entry.ts";

export const SIDECARS = {
  SL0930: {
    why: "Each entry is namespace/host: ./* is all of the Sidecar's own namespace, */* all of the mesh, and ~ before a namespace leaves hosts out. Hosts are full names. Ports and sockets are unique, each with a protocol, and only the last listener may have no port. An egress proxy needs mode ALLOW_ANY, one host and a port.",
    example: {
      in: "Sidecar",
      wrong: "egress:\n- hosts: [shop.default.svc.cluster.local]",
      right: "egress:\n- hosts: [default/shop.default.svc.cluster.local]",
    },
  },
  SL0931: {
    why: "The wider entry imports the host already: the narrower one looks like a limit and is none.",
    example: {
      in: "Sidecar",
      wrong: "egress:\n- hosts: [./*, ./shop.default.svc.cluster.local]",
      right: "egress:\n- hosts: [./*, other/shop.other.svc.cluster.local]",
    },
  },
  SL0976: {
    why: "A proxy knows only what its Sidecar imports, by the hosts of a listener for that port or by a rule that leads there. Nothing can be sent to others: Envoy answers requests 503, and closes other connections.",
    example: {
      in: "Sidecar",
      wrong:
        "egress: [{ hosts: [stock/*] }]\noutboundTrafficPolicy:\n  mode: ALLOW_ANY\n  egressProxy: { host: shop.example, port: { number: 80 } }",
      right:
        "egress: [{ hosts: [stock/*, ./shop.example] }]\noutboundTrafficPolicy:\n  mode: ALLOW_ANY\n  egressProxy: { host: shop.example, port: { number: 80 } }",
    },
  },
  SL0977: {
    why: "Everything that is for no registered host goes to the egress proxy. One with resolution NONE or DYNAMIC_DNS has no endpoints: requests say which host they are for, other connections do not. Those go to a service of their port, or are closed.",
    example: {
      in: "Sidecar",
      wrong:
        "egress:\n- port: { number: 5432, name: tcp, protocol: TCP }\n  captureMode: NONE\n  hosts: [./another.example]\n- hosts: [./open.example]\noutboundTrafficPolicy:\n  mode: ALLOW_ANY\n  egressProxy: { host: open.example, port: { number: 80 } }",
      right:
        "egress:\n- port: { number: 5432, name: tcp, protocol: TCP }\n  captureMode: NONE\n  hosts: [./another.example]\n- hosts: [./shop.example]\noutboundTrafficPolicy:\n  mode: ALLOW_ANY\n  egressProxy: { host: shop.example, port: { number: 80 } }",
    },
  },
} as const satisfies Explanations;
