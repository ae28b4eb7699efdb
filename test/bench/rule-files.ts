/** The inputs whose compilation is measured: VirtualServices of about 500 bytes, and the services that they name. */

import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";

export const LAYOUTS = ["one-file", "file-each", "mixed"] as const;
export type Layout = (typeof LAYOUTS)[number];

const SERVICES = 200;

export interface RuleFiles {
  readonly directory: string;
  readonly bytes: number;
  /** One of the files, for `changeRule`. */
  readonly file: string;
}

/** Writes `size` rules: one VirtualService each, or, mixed, in files and resources of all sizes. */
export async function writeRuleFiles(layout: Layout, size: number, directory: string): Promise<RuleFiles> {
  await mkdir(directory, { recursive: true });
  const files = new Map<string, string>([["services.yaml", services()]]);
  const plain = (i: number) => virtualService(i, [rule(i, 0)]);
  if (layout === "one-file") {
    files.set("rules.yaml", Array.from({ length: size }, (_, i) => plain(i)).join("---\n"));
  } else if (layout === "file-each") {
    for (let i = 0; i < size; i++) {
      files.set(`team-${i % 50}/rule-${i}.yaml`, plain(i));
    }
  } else {
    for (const [name, text] of mixed(size)) {
      files.set(name, text);
    }
  }
  let bytes = 0;
  for (const [name, text] of files) {
    const file = path.join(directory, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
    bytes += Buffer.byteLength(text);
  }
  return { directory, bytes, file: path.join(directory, [...files.keys()].at(-1)!) };
}

/** Changes the last rule of a file, each time to another. */
export async function changeRule(file: string): Promise<void> {
  const text = await readFile(file, "utf8");
  const last = text.lastIndexOf("/api/");
  await writeFile(file, `${text.slice(0, last)}/changed${text.slice(last)}`);
}

/** As a repository has them: resources of one to thirty rules, several in a file, written by different hands. */
function* mixed(size: number): Iterable<[string, string]> {
  let documents: string[] = [];
  let made = 0;
  for (let i = 0; made < size; i++) {
    const rules = Math.min(size - made, [1, 2, 3, 5, 8, 30][i % 6]!);
    const list = Array.from({ length: rules }, (_, at) => rule(made + at, (i + at) % 10));
    documents.push(virtualService(i, list));
    made += rules;
    if (i % 4 === 3 || made >= size) {
      yield [`team-${i % 20}/rules-${i}.yaml`, documents.join("---\n")];
      documents = [];
    }
  }
}

function services(): string {
  const gateway = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: default}
spec:
  selector: {istio: ingressgateway}
  servers:
    - port: {number: 80, name: http, protocol: HTTP}
      hosts: ["*"]
`;
  const service = (i: number) => `apiVersion: v1
kind: Service
metadata:
  name: backend-${i}
  namespace: shop
spec:
  selector: {app: backend-${i}}
  ports:
    - name: http
      port: 8080
`;
  return [gateway, ...Array.from({ length: SERVICES }, (_, i) => service(i))].join("---\n");
}

function virtualService(i: number, rules: readonly string[]): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: frontend-${i}
  namespace: shop
  labels:
    team: team-${i % 50}
spec:
  hosts:
    - frontend-${i}.example.com
  gateways:
    - default/edge
  http:
${rules.join("")}`;
}

function rule(i: number, kind: number): string {
  return `    - match:
${match(i, kind)}      route:
        - destination:
            host: backend-${i % SERVICES}
            port:
              number: 8080
          weight: 90
        - destination:
            host: backend-${(i + 1) % SERVICES}
            port:
              number: 8080
          weight: 10
      timeout: 5s
`;
}

function match(i: number, kind: number): string {
  const uri = (how: string, value: string) => `        - uri:\n            ${how}: ${value}\n`;
  switch (kind) {
    case 1:
      return uri("exact", `/api/v1/item-${i}`);
    case 2:
      return uri("regex", `"/api/v[0-9]+/kind-${i % 200}/[a-z]+"`);
    case 3:
      return `${uri("prefix", `'/api/v2/${i}/' # the old way`)}          headers:\n            x-tenant: {exact: "tenant-${i}"}\n`;
    case 4:
      return `        # two of them\n${uri("exact", `/api/a-${i}`)}${uri("prefix", `/api/b-${i}/`)}`;
    default:
      return uri("prefix", `/api/v1/team-${i % 97}/service-${i}/`);
  }
}
