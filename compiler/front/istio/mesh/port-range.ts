/** Of which ports of the mesh's services something is told, and what is spoken there. */

import type { PortProtocol } from "../../services/service.ts";

export interface PortRange {
  readonly only?: number;
  /** Others have these. */
  readonly except?: ReadonlySet<number>;
  /** On each of them. Absent: what each service says of its own. */
  readonly protocol?: PortProtocol;
}

export const ALL_PORTS: PortRange = {};

export function hasInRange({ only, except }: PortRange, port: number): boolean {
  return (only === undefined || only === port) && !except?.has(port);
}
