import { expect, test } from "vitest";
import { emitOverloadManager, overloadOf } from "./overload-manager.ts";

test("as many connections as there are, unless somebody says otherwise; then what is said of the proxy itself", () => {
  const most = (options: Parameters<typeof emitOverloadManager>[0]) =>
    emitOverloadManager(options).resource_monitors.map(({ typed_config }) => typed_config);
  const none = { memoryLimit: 0, maxConnections: 0 };
  expect(most(none)).toMatchObject([{ max_active_downstream_connections: 2_147_483_647 }]);
  expect(most(overloadOf({ maxConnections: 7 }, none))).toMatchObject([
    { max_active_downstream_connections: 7 },
  ]);
  expect(most(overloadOf({ maxConnections: 7 }, { ...none, maxConnections: 9 }))).toMatchObject([
    { max_active_downstream_connections: 9 },
  ]);
});

test("with a limit of memory, means that are milder come first", () => {
  const { actions = [], ...rest } = emitOverloadManager({ memoryLimit: 512 * 1024 ** 2, maxConnections: 0 });
  expect(rest.resource_monitors[1]?.typed_config).toMatchObject({ max_heap_size_bytes: 536_870_912 });
  expect(actions.map(({ name }) => name.replace("envoy.overload_actions.", ""))).toEqual([
    "reduce_timeouts",
    "shrink_heap",
    "reset_high_memory_stream",
    "disable_http_keepalive",
    "stop_accepting_requests",
  ]);
  expect(emitOverloadManager({ memoryLimit: 0, maxConnections: 0 })).not.toHaveProperty("actions");
});
