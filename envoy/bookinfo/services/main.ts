/**
 * One service of the demo by itself, for a container: `SERVICE=reviews-v2`, `PORT` (9080) where it listens, and `MESH` (envoy:15001),
 * the proxy that it asks for others. With `--health` it asks whether the one in this container answers, and ends.
 */

import http from "node:http";
import { startDetails } from "./details.ts";
import { meshClient } from "./mesh-client.ts";
import { startProductpage } from "./productpage.ts";
import { startQuotes } from "./quotes.ts";
import { startRatings } from "./ratings.ts";
import { startReviews } from "./reviews.ts";
import type { Service } from "./service.ts";

const { SERVICE = "", PORT = "9080", MESH = "envoy:15001" } = process.env;
const place = { address: "0.0.0.0", port: Number(PORT) };

if (process.argv[2] === "--health") {
  http
    .get({ host: "127.0.0.1", port: place.port, path: "/status/200" }, (response) => {
      process.exitCode = response.statusCode === 200 ? 0 : 1;
      response.resume();
    })
    .on("error", () => {
      process.exitCode = 1;
    });
} else {
  const colon = MESH.lastIndexOf(":");
  const mesh = meshClient(Number(MESH.slice(colon + 1)), MESH.slice(0, colon));
  const services: Readonly<Record<string, () => Promise<Service>>> = {
    productpage: () => startProductpage(mesh, place),
    details: () => startDetails(place),
    ratings: () => startRatings(place),
    "reviews-v1": () => startReviews("v1", mesh, place),
    "reviews-v2": () => startReviews("v2", mesh, place),
    "reviews-v3": () => startReviews("v3", mesh, place),
    quotes: () => startQuotes(place),
  };
  const start = services[SERVICE];
  if (start === undefined) {
    console.error(`SERVICE: unknown service "${SERVICE}"; use ${Object.keys(services).join(", ")}`);
    process.exit(2);
  }
  const service = await start();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      mesh.close();
      void service.close();
    });
  }
}
