import { expect, test } from "vitest";
import { parseImageName } from "./image-name.ts";

const DIGEST = `sha256:${"0a".repeat(32)}`;

test.each([
  ["sluice", { repository: "sluice" }],
  ["sluice:0.1", { repository: "sluice", tag: "0.1" }],
  ["registry.example:5000/team/sluice", { repository: "registry.example:5000/team/sluice" }],
  [
    `registry.example:5000/team/sluice:v1@${DIGEST}`,
    { repository: "registry.example:5000/team/sluice", tag: "v1", digest: DIGEST },
  ],
  [`localhost/my__sluice@${DIGEST}`, { repository: "localhost/my__sluice", digest: DIGEST }],
])("%s", (text, name) => {
  expect(parseImageName(text)).toEqual(name);
});

test.each([
  "",
  " ",
  "a b",
  "a:b:c",
  "a@sha256:0",
  "https://a/b",
  "/a",
  "a/",
  "-a",
  "a\n",
  `${"a".repeat(50_000)}!`,
])("%j is none", (text) => {
  expect(parseImageName(text)).toBeUndefined();
});
