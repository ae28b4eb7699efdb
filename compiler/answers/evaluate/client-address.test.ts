import { describe, expect, test } from "vitest";
import { DIRECT } from "../../ir/topology.ts";
import { fromClient } from "../request/from-client.ts";
import { clientOf } from "./client-address.ts";

const behind = (trustedProxies: number) =>
  ({ role: "gateway", topology: { ...DIRECT, trustedProxies } }) as const;

describe("whom a listener takes for the client", () => {
  test.each([
    [0, "1.2.3.4", "9.9.9.9"],
    [1, undefined, "9.9.9.9"],
    [1, "", "9.9.9.9"],
    [1, "1.2.3.4", "1.2.3.4"],
    [1, "6.6.6.6,\t1.2.3.4 ", "1.2.3.4"],
    [1, "1.2.3.4,", "9.9.9.9"],
    [1, "1.2.3.4:80", "9.9.9.9"],
    [1, "[2001:db8::1]", "9.9.9.9"],
    [1, "2001:DB8:0::1", "2001:db8::1"],
    [1, "::ffff:1.2.3.4", "::ffff:1.2.3.4"],
    [1, "fe80::1%eth0", "9.9.9.9"],
    [2, "1.2.3.4", "9.9.9.9"],
    [2, "1.2.3.4,rubbish", "1.2.3.4"],
    [2, "rubbish,1.2.3.4", "9.9.9.9"],
    [4_294_967_295, "1.2.3.4,5.6.7.8", "9.9.9.9"],
  ])("with %d trusted proxies, %j is %s", (trusted, header, address) => {
    const { by, ...client } = clientOf("9.9.9.9", header, behind(trusted));
    expect(client).toEqual({ address, connection: "9.9.9.9" });
    expect(by).toBe(address === "9.9.9.9" ? "connection" : "x-forwarded-for");
  });

  test("in the mesh, the last address that is named", () => {
    const mesh = { role: "mesh" } as const;
    expect(clientOf("9.9.9.9", "6.6.6.6, 1.2.3.4", mesh).address).toBe("1.2.3.4");
    expect(clientOf("9.9.9.9", "1.2.3.4, me", mesh).address).toBe("9.9.9.9");
  });
});

describe("a request of a client", () => {
  const headers = [["x-forwarded-for", "6.6.6.6"]] as const;

  test("comes through the proxies in front, each of which appends whom it was asked by", () => {
    for (const trusted of [1, 2, 1000]) {
      const { headers: sent, connection } = fromClient({ from: "1.2.3.4", headers }, behind(trusted));
      const line = sent.map(([, value]) => value).join(",");
      expect(clientOf(connection, line, behind(trusted)).address).toBe("1.2.3.4");
      expect(sent[0]).toEqual(headers[0]);
    }
  });

  test("comes by itself where none is trusted, or more than a request has room for", () => {
    for (const listener of [behind(0), behind(4_294_967_295), { role: "mesh" } as const]) {
      expect(fromClient({ from: "1.2.3.4", headers }, listener)).toEqual({ headers, connection: "1.2.3.4" });
    }
  });

  test("without a client it is what reaches the listener", () => {
    expect(fromClient({ headers }, behind(1))).toEqual({ headers, connection: "127.0.0.1" });
  });
});
