/**
 * One Envoy in which both targets serve the same rules, each at a port of its own, in front of servers that a test
 * brings itself: what the stub of the harness answers is JSON, and protocols need more.
 */

import { Twin } from "../differential/twin.ts";
import { Mesh } from "../harness/mesh.ts";

export type Side = "wasm" | "native";

export const SIDES: readonly Side[] = ["wasm", "native"];
/** More than one, so that what one of them keeps to itself shows. */
const WORKERS = 2;

/** A service that rules may name, and where it really is. */
export interface Service {
  /** Without a dot, of namespace `shop`. */
  readonly name: string;
  readonly protocol: "HTTP" | "HTTP2" | "GRPC";
  /** On 127.0.0.1. */
  readonly port: number;
}

export interface BothTargets {
  readonly ports: Readonly<Record<Side, number>>;
  /** Makes other rules the rules, while requests go on. */
  change(rules: string): Promise<void>;
  /** A counter or gauge of that side's listener: `downstream_rq_active`, say. */
  stat(side: Side, name: string): Promise<number>;
  /** What Envoy complained about: traps and other mischief of the filter. */
  complaints(): readonly string[];
  close(): Promise<void>;
}

/** Everything that rules may name is also there without them, under `mesh`. */
export async function openBothTargets(services: readonly Service[], rules: string): Promise<BothTargets> {
  const twin = new Twin();
  const mesh = await Mesh.create({ target: "wasm", emit: twin.emit, concurrency: WORKERS });
  const entries = services.map(serviceEntry).join("---\n");
  const apply = async (text: string) => {
    const { diagnostics, ports } = await mesh.apply([entries, text], { proxy: { proxyNamespace: "shop" } });
    const wasm = ports.get("mesh");
    if (wasm === undefined) {
      throw new Error(diagnostics.map(({ message }) => message).join("\n"));
    }
    return wasm;
  };
  try {
    const wasm = await apply(rules);
    return {
      ports: { wasm, native: twin.nativePort("mesh") },
      async change(text) {
        await apply(text);
      },
      async stat(side, name) {
        const stat = `http.${side === "wasm" ? "" : "native_"}mesh.${name}`;
        return (await mesh.envoy.admin.stats(`^${stat}$`)).get(stat) ?? 0;
      },
      complaints: () => mesh.envoy.log.filter((line) => /critical|error|wasm|trap/i.test(line)),
      close: () => mesh.close(),
    };
  } catch (error) {
    await mesh.close();
    throw error;
  }
}

function serviceEntry({ name, protocol, port }: Service): string {
  return `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: shop }
spec:
  hosts: [${name}.shop.svc.cluster.local]
  resolution: STATIC
  ports: [{ number: 80, name: p, protocol: ${protocol}, targetPort: ${port} }]
  endpoints: [{ address: 127.0.0.1 }]
`;
}
