import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "../../kubernetes/client/api-error.ts";
import type { ApiCall } from "../../kubernetes/client/kubernetes-client.ts";
import { RESOURCE_TYPES } from "../../kubernetes/client/resource-types.ts";
import { StatusWriter } from "./status-writer.ts";
import { WriteBudget } from "./write-budget.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});

afterEach(() => {
  vi.useRealTimers();
});

test("where a right is missing one object tries, once a minute, and all are written when it is there", async () => {
  const notices: string[] = [];
  const patched: string[] = [];
  let tries = 0;
  let mayWrite = false;
  const request = async <T>({ method = "GET", path }: ApiCall): Promise<T> => {
    if (method === "PATCH") {
      tries++;
      if (!mayWrite) {
        throw new ApiError(403, "forbidden", { reason: "Forbidden" });
      }
      patched.push(path);
    }
    return { metadata: { uid: path.split("/")[7], generation: 1, resourceVersion: "1" } } as T;
  };
  const writer = new StatusWriter({
    client: { request },
    onNotice: (line) => notices.push(line),
    budget: new WriteBudget(1e9, 1e9),
  });
  const names = Array.from({ length: 50 }, (_, i) => `object-${i}`);
  for (const name of names) {
    const target = { type: RESOURCE_TYPES.VirtualService, namespace: "shop", name, uid: name, generation: 1 };
    writer.want(target, [{ type: "Accepted", status: "True", reason: "Accepted", message: "" }]);
  }
  await writer.settled();
  expect(tries).toBe(1);
  await vi.advanceTimersByTimeAsync(61_000);
  await writer.settled();
  expect(tries).toBe(2);
  mayWrite = true;
  await vi.advanceTimersByTimeAsync(61_000);
  await writer.settled();
  expect(new Set(patched).size).toBe(50);
  expect(notices).toHaveLength(1);
  await writer.close();
});
