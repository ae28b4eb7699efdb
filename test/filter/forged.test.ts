/** No client may send what the compiler has the filter write: forged, it would steer Envoy in the filter's name. */

import { expect, test } from "vitest";
import { FilterVm, loadFilter } from "../../compiler/answers/wasm-host/filter-vm.ts";
import { ROUTER_HEADERS } from "../../compiler/back/envoy-headers.ts";
import { encodeProgram } from "../../compiler/back/program/encode.ts";
import { header, present, route, table } from "../../compiler/back/program/rules.fixture.ts";
import { CLASS_HEADER, CLUSTER_HEADER } from "../../filter/layout.ts";

const FILTER = loadFilter(new URL("../../dist/filter.wasm", import.meta.url));

test.each([...ROUTER_HEADERS, CLUSTER_HEADER, CLASS_HEADER])(
  "%s is neither believed nor passed on",
  (name) => {
    const vm = new FilterVm(FILTER);
    const believed = route(undefined, "stolen", { headers: [header(name, present)] });
    const root = vm.configure(encodeProgram(table({ "*": [believed, route(undefined, "own")] })))!;
    const decision = vm.decide(root, { authority: "a", path: "/", headers: [[name, "forged"]] });
    expect(decision.cluster).toBe("own");
    expect(decision.headers.map(([, value]) => value)).not.toContain("forged");
  },
);
