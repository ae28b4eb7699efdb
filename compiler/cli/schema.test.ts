import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { FILE_OPTIONS } from "../file-options.ts";
import { JSON_SCHEMAS, jsonSchema, type SchemaName } from "../index.ts";
import { packageRoot } from "../platform/package-root.ts";

const ROOT = packageRoot().directory;
const names = JSON_SCHEMAS;
const validator = (name: SchemaName) =>
  new Ajv({ strict: true, allowUnionTypes: true, strictTypes: false }).compile(JSON.parse(jsonSchema(name)));

test.each(names)("the file for %s is what `sluice schema` prints", (name) => {
  const file = path.join(ROOT, "compiler/cli/schemas", `${name}.schema.json`);
  expect(readFileSync(file, "utf8")).toBe(jsonSchema(name));
});

test("sluice.yaml has the keys that are read, and no others", () => {
  expect(Object.keys(JSON.parse(jsonSchema("config")).properties).sort()).toEqual(
    Object.keys(FILE_OPTIONS).sort(),
  );
});

test.each([
  [{ paths: "rules", portMap: { 80: 8080 }, meshPort: 0, strict: true }, true],
  [{ paths: ["a", "b"], portMap: ["80=8080"], proxyLabels: { a: "b" }, target: "native" }, true],
  [{ path: "rules" }, false],
  [{ target: "both" }, false],
  [{ meshPort: 65536 }, false],
  [{ portMap: { "gateway:80": 8080, "mesh:80": 18080 } }, true],
  [{ portMap: ["gateway:80=8080"] }, true],
  [{ portMap: { http: 80 } }, false],
  [{ portMap: { "sidecar:80": 8080 } }, false],
])("as sluice.yaml, %j is taken: %s", (value, isTaken) => {
  expect(validator("config")(value)).toBe(isTaken);
});

test("the files that are shipped name their schema, and have its shape", () => {
  const tests = path.join(ROOT, "envoy/bookinfo/tests");
  const files: [SchemaName, string][] = [
    ["config", path.join(ROOT, "envoy/bookinfo/sluice.yaml")],
    ...readdirSync(tests).map((file): [SchemaName, string] => ["cases", path.join(tests, file)]),
  ];
  for (const [name, file] of files) {
    const text = readFileSync(file, "utf8");
    const named = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text)?.[1];
    expect(path.resolve(path.dirname(file), named!), file).toBe(
      path.join(ROOT, "compiler/cli/schemas", `${name}.schema.json`),
    );
    const validate = validator(name);
    const values = name === "cases" ? parseAllDocuments(text).map((one) => one.toJS()) : [parse(text)];
    for (const value of values) {
      expect(validate(value), JSON.stringify(validate.errors)).toBe(true);
    }
  }
});
