import { expect, test } from "vitest";
import { hideSecrets } from "./hide-secrets.ts";

const hide = (text: string) => hideSecrets(text.split("\n"), text).join("\n");

test("of a Secret's document only the names are left", () => {
  const text = `kind: Gateway
name: a # Secret
---
apiVersion: v1
kind: Secret
data:
  tls.key: c2VjcmV0
  tls.crt: |
    -----BEGIN
  - list
---
kind: Service`;
  expect(hide(text)).toBe(`kind: Gateway
name: a # Secret
---
apiVersion: v1
kind: Secret
data:
  tls.key: (hidden)
  tls.crt: (hidden)
(hidden)
(hidden)
---
kind: Service`);
});

test("of one that is written in a line, nothing", () => {
  expect(hide('{"kind":"Secret","data":{"tls.key":"c2VjcmV0"}}')).not.toContain("c2Vj");
  expect(hide('{"data": {"tls.key": "c2VjcmV0"}, "kind": "Secret"}')).not.toContain("c2Vj");
  expect(hide("kind: 'Secret'\nstringData: { key: topsecret }")).not.toContain("topsecret");
});

test.each([
  "kind: Secret # of the shop",
  "kind: !!str Secret",
  "kind: &kind Secret",
  "'kind' : Secret",
  "- kind: Secret",
  "\tkind: Secret\r",
])("%j is one", (line) => {
  expect(hide(`${line}\nstringData: { key: topsecret }`)).not.toContain("topsecret");
});
