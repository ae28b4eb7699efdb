import { expect, test } from "vitest";
import { inFlight } from "./drain.ts";

test("requests are in flight, and connections that no HTTP is spoken on", () => {
  const gauges = {
    // Two connections, one of them idle; and one of TCP, which has no gauge of its own.
    "http.mesh.downstream_cx_active": 2,
    "http.mesh.downstream_rq_active": 1,
    "listener.127.0.0.1_80.downstream_cx_active": 2,
    "listener.127.0.0.1_80.worker_0.downstream_cx_active": 2,
    "listener.127.0.0.1_5432.downstream_cx_active": 1,
    "listener.127.0.0.1_5432.worker_0.downstream_cx_active": 1,
    // Who asks for all this.
    "http.admin.downstream_cx_active": 1,
    "http.admin.downstream_rq_active": 1,
    "listener.admin.downstream_cx_active": 1,
    "listener.admin.main_thread.downstream_cx_active": 1,
    "http.sluice_ready.downstream_cx_active": 1,
    "http.sluice_ready.downstream_rq_active": 1,
    "listener.127.0.0.1_15021.downstream_cx_active": 1,
  };
  expect(inFlight(new Map(Object.entries(gauges)))).toBe(2);
  expect(inFlight(new Map())).toBe(0);
});
