/** `sluice check` and `sluice diff` as a script sees them: exit codes and formats. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sluiceHere } from "../harness/sluice-here.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sluice-diff-"));
  await write("old.yaml", rules("/api/"));
  await write("new.yaml", rules("/api"));
  await write("wrong.yaml", rules("/api").replace("hosts: [shop.example]", "hosts: 7"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const write = (name: string, text: string) => writeFile(path.join(folder, name), text);

function rules(prefix: string): string {
  return `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: s}
spec:
  hosts: [one.example, two.example]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: DNS
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop}
spec:
  hosts: [shop.example]
  http:
  - match: [{uri: {prefix: ${prefix}}}]
    route: [{destination: {host: one.example}}]
  - route: [{destination: {host: two.example}}]
`;
}

describe("diff", () => {
  test("shows a request for each difference, and exits with 1 only when asked to", async () => {
    const { code, out, err } = await sluiceHere(["diff", "old.yaml", "new.yaml"], folder);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("GET http://shop.example/api\n");
    expect(out).toContain("old.yaml:17 → ");
    expect((await sluiceHere(["diff", "old.yaml", "new.yaml", "--exit-code"], folder)).code).toBe(1);
    expect((await sluiceHere(["diff", "old.yaml", "old.yaml", "--exit-code"], folder)).code).toBe(0);
  });

  test("has the same in JSON and Markdown", async () => {
    const { out } = await sluiceHere(["diff", "old.yaml", "new.yaml", "--format", "json"], folder);
    const { differences, cuts } = JSON.parse(out);
    expect(cuts).toEqual([]);
    expect(differences).toHaveLength(1);
    expect(differences[0]).toMatchObject({
      listener: "mesh",
      request: { method: "GET", url: "http://shop.example/api", headers: [] },
      before: { file: "old.yaml", line: 17 },
      after: { file: "new.yaml" },
      changes: [{ what: "to", before: "two.example:80", after: "one.example:80" }],
    });
    const markdown = await sluiceHere(["diff", "old.yaml", "new.yaml", "--format", "markdown"], folder);
    expect(markdown.out).toContain("| <code>GET http://shop.example/api</code> |");
  });

  test("refuses rules that are wrong with 1, and a wrong call with 2", async () => {
    expect((await sluiceHere(["diff", "old.yaml", "wrong.yaml"], folder)).code).toBe(1);
    expect((await sluiceHere(["diff", "old.yaml"], folder)).code).toBe(2);
    expect((await sluiceHere(["diff", "-", "-"], folder)).code).toBe(2);
    expect((await sluiceHere(["diff", "old.yaml", "new.yaml", "--format", "sarif"], folder)).code).toBe(2);
  });
});

describe("check", () => {
  test("counts silenced warnings as nothing, and useless ignores as warnings", async () => {
    const unknown = rules("/api/").replace("host: one.example}", "host: nobody.example}");
    await write("loud.yaml", unknown);
    await write(
      "silent.yaml",
      unknown.replace("nobody.example}}]", "nobody.example}}] # sluice: ignore SL0401 comes later"),
    );
    await write(
      "useless.yaml",
      rules("/api/").replace("http:\n", "http: # sluice: ignore SL0401 is there\n"),
    );
    const code = async (file: string) => (await sluiceHere(["check", file, "--strict"], folder)).code;
    expect(await code("loud.yaml")).toBe(1);
    expect(await code("silent.yaml")).toBe(0);
    expect(await code("useless.yaml")).toBe(1);
  });

  test.each(["text", "json", "sarif", "github"])("has the same exit code as %s", async (format) => {
    const { code, out } = await sluiceHere(["check", "wrong.yaml", "--format", format], folder);
    expect(code).toBe(1);
    expect(out).toContain("SL0105");
  });

  test("explains its codes, by Istio's names, too", async () => {
    const explained = await sluiceHere(["check", "--explain", "ist0145"], folder);
    expect(explained.code).toBe(0);
    expect(explained.out).toContain("SL0420");
    const { code, err } = await sluiceHere(["check", "--explain", "SL9"], folder);
    expect(code).toBe(2);
    expect(err).toContain("SL9");
  });
});
