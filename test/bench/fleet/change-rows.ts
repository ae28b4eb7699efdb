/** How soon a change reaches a thousand clients. */

import type { MeshFiles } from "../../harness/fleet/mesh-files.ts";
import { median } from "../measure.ts";
import type { Effort, Figures, Row } from "./row.ts";
import { type Measured, withFleet } from "./served.ts";

const SMALL_MESH = 10;
const LARGE_MESH = 1_000;
const QUICK_LARGE_MESH = 100;

const changesOf = async (
  { clients, rounds }: Effort,
  services: number,
  change: (mesh: MeshFiles) => Promise<void>,
  until: "received" | "taken",
): Promise<Figures> =>
  withFleet({ clients, services }, async ({ mesh, measure }) => {
    const measured: Measured[] = [];
    for (let i = 0; i < rounds; i++) {
      measured.push(await measure(() => change(mesh), until));
    }
    const of = (key: keyof Measured) => median(measured.map((one) => one[key]));
    return {
      p50Ms: of("p50Ms"),
      p99Ms: of("p99Ms"),
      cpuMs: of("cpuMs"),
      rssMb: Math.max(...measured.map(({ rssMb }) => rssMb)),
      bytesEach: of("bytesEach"),
    };
  });

const seconds = (ms: number | undefined) => `${((ms ?? Number.NaN) / 1000).toFixed(2)} s`;
const whole = (value: number | undefined) => (value ?? Number.NaN).toFixed(0);

const render = ({ p50Ms, p99Ms, cpuMs, rssMb, bytesEach }: Figures) =>
  `p50 ${seconds(p50Ms)}, p99 ${seconds(p99Ms)}, CPU ${seconds(cpuMs)}, ${whole(bytesEach)} B a client, ${whole(rssMb)} MB`;

const count = (value: number) => value.toLocaleString("en");

export const CHANGE_ROWS: readonly Row[] = [
  {
    name: "rule",
    title: (clients) =>
      `${count(clients)} clients, small mesh, one rule: change seen → last acknowledgement of the switch`,
    limits: "p99 1.0 s, CPU 0.6 s",
    measure: (effort) => changesOf(effort, SMALL_MESH, (mesh) => mesh.changeRule(), "taken"),
    render,
  },
  {
    name: "endpoint",
    title: (clients) => `one endpoint to ${count(clients)} clients`,
    limits: "p99 0.4 s, 600 B a client, CPU 0.25 s",
    measure: (effort) => changesOf(effort, SMALL_MESH, (mesh) => mesh.changeEndpoint(), "received"),
    render,
  },
  {
    name: "rule-of-1000",
    title: (clients) => `${count(clients)} clients × 1,000 services, one rule`,
    limits: "p99 4 s, CPU 4 s, 700 MB",
    measure: (effort) =>
      changesOf(effort, effort.quick ? QUICK_LARGE_MESH : LARGE_MESH, (mesh) => mesh.changeRule(), "taken"),
    render,
  },
];
