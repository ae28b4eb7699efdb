import { expect, test } from "vitest";
import { discoveryFile } from "./file-names.ts";

test("a file for what has a name, different for different names", () => {
  expect(discoveryFile("endpoints", "outbound|80||a.example")).toBe("eds/outbound%7c80%7c%7ca.example.json");
  expect(discoveryFile("endpoints", "outbound|80|V1|a.example")).toBe(
    "eds/outbound%7c80%7c%561%7ca.example.json",
  );
  expect(discoveryFile("secret", "shop/key")).toBe("sds/shop%2fkey.json");
  expect(discoveryFile("routes", "gateway_80")).toBe("rds/gateway_80.json");
  expect(discoveryFile("extension", "gateway_80")).toBe("ecds/gateway_80.json");
});

test("file names stay within what a file system takes, and apart", () => {
  const name = (end: string) => discoveryFile("endpoints", `outbound|80||${"a".repeat(250)}.${end}`);
  expect(name("x")).not.toBe(name("y"));
  expect(name("x").length).toBeLessThan(230);
});
