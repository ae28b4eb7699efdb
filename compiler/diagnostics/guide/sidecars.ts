/** One Sidecar by itself. */

import type { Explanations } from "./entry.ts";

export const SIDECARS = {
  SL0930: {
    why: "Each entry is namespace/host: ./* is all of the Sidecar's own namespace, */* all of the mesh, and ~ before a namespace leaves hosts out. Hosts are full names. Ports and sockets are unique, each with a protocol, and only the last listener may have no port.",
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
} as const satisfies Explanations;
