import { expect, test } from "vitest";
import { type KubernetesPort, kubernetesProtocol, parseProtocol } from "./protocol.ts";

test.each<[Partial<KubernetesPort>, string]>([
  [{ name: "http" }, "http"],
  [{ name: "http-web" }, "http"],
  [{ name: "HTTP2-x" }, "http2"],
  [{ name: "grpc" }, "http2"],
  [{ name: "grpc-web-api" }, "http2"],
  [{ name: "Grpc-Web" }, "http2"],
  [{ name: "tcp", appProtocol: "gRPC-Web" }, "http2"],
  [{ name: "http", appProtocol: "grpc-webtext" }, "http2"],
  [{ name: "https" }, "tls"],
  [{ name: "tcp-for-http" }, "tcp"],
  [{ name: "httpx" }, "auto"],
  [{ name: "auto-http" }, "auto"],
  [{}, "auto"],
  [{ port: 3306 }, "tcp"],
  [{ port: 3306, name: "http" }, "http"],
  [{ name: "tcp", appProtocol: "http" }, "http"],
  [{ name: "http", appProtocol: "kubernetes.io/h2c" }, "http2"],
  [{ name: "http", appProtocol: "kubernetes.io/wss" }, "tls"],
  [{ name: "http", protocol: "UDP" }, "udp"],
])("%j speaks %s", (port, expected) => {
  expect(kubernetesProtocol({ port: 80, ...port })).toBe(expected);
});

test("Istio's names in any case; what is not said is not declared", () => {
  expect(parseProtocol("GRPC")).toBe("http2");
  expect(parseProtocol("Grpc-Web")).toBe("http2");
  expect(parseProtocol("")).toBe("auto");
  expect(parseProtocol("constructor")).toBe("auto");
});
