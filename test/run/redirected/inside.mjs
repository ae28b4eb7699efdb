/**
 * Runs inside of a network of its own, where connections may be redirected without harm: `sluice run` with rules for two TCP
 * hosts without addresses and for one that goes wherever it was meant for, two stubs, a resolver that asks Envoy, and a client.
 * Prints what the client got, as JSON.
 */

import { execFileSync, spawn } from "node:child_process";
import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import net from "node:net";
import { createInterface } from "node:readline";

const [, , program, rules] = process.argv;
/** Connections from here are redirected, those of Envoy are not. */
const CLIENT = "127.78.9.9";
const ELSEWHERE = "127.78.2.5";
const [SERVICE, BOUND] = [9000, 19000];

const run = (line) => execFileSync("sh", ["-c", line]);
run("ip link set lo up");
run("ip route add local 240.240.0.0/16 dev lo");
for (const range of ["240.240.0.0/16", "127.78.2.0/24"]) {
  run(
    `iptables -t nat -A OUTPUT -p tcp -s ${CLIENT} -d ${range} --dport ${SERVICE} -j REDIRECT --to-ports ${BOUND}`,
  );
}

const stub = async (address, port, name) => {
  const server = net.createServer((socket) => socket.end(name));
  await once(server.listen(port, address), "listening");
  return server;
};
const stubs = [
  await stub("127.78.1.1", 9101, "one"),
  await stub("127.78.1.1", 9102, "two"),
  await stub(ELSEWHERE, SERVICE, "elsewhere"),
];
const child = spawn(
  process.execPath,
  [
    ...[program, "run", rules, "--mesh-listeners", "--mesh-port", "0", "--listen-address", "0.0.0.0"],
    ...[
      "--port-map",
      `mesh:${SERVICE}=${BOUND}`,
      "--dns",
      "127.0.0.1:15053",
      "--format",
      "json",
      "--concurrency",
      "1",
    ],
  ],
  { stdio: ["ignore", "pipe", "inherit"] },
);
process.on("SIGTERM", () => {
  child.kill();
  process.exit(1);
});
for await (const line of createInterface(child.stdout)) {
  if (JSON.parse(line).event === "serving") {
    break;
  }
}

const resolver = new Resolver();
resolver.setServers(["127.0.0.1:15053"]);
const said = (host, port = SERVICE) =>
  new Promise((resolve) => {
    const socket = net.connect({ host, port, localAddress: CLIENT });
    let text = "";
    socket.on("data", (data) => {
      text += data;
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(text));
  });
const reached = async (name) => said((await resolver.resolve4(name))[0]);
const answers = {
  one: await reached("one.example"),
  two: await reached("two.example"),
  elsewhere: await said(ELSEWHERE),
  // Meant for the port that the proxy binds: it goes to the port of the service, and not round for ever.
  itself: await said(ELSEWHERE, BOUND),
  byIpv6: (await resolver.resolve6("one.example")).length,
};
child.kill();
await once(child, "exit");
for (const server of stubs) {
  server.close();
}
console.log(JSON.stringify(answers));
