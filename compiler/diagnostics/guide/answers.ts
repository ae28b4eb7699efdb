/** What Envoy refuses, what a request costs and what is counted, and case files. */

import type { Explanations } from "./entry.ts";

export const ANSWERS = {
  SL0501: {
    why: "Istio's validation accepts the value, but Envoy refuses the whole update because of it.",
    example: {
      in: "http rule",
      wrong: "fault: { abort: { httpStatus: 600 } }",
      right: "fault: { abort: { httpStatus: 503 } }",
    },
  },
  SL0601: {
    why: "The filter costs the same for one rule as for ten thousand; Envoy's own routes cost more with every rule. With only a few rules, they are cheaper, and --target auto uses them.",
    example: {
      in: "call",
      wrong: "sluice check rules/ --target auto",
      right: "sluice check rules/ --target wasm",
    },
  },
  SL0701: {
    why: "No client could send the request, so no answer would prove anything.",
    example: {
      in: "check of a case file",
      wrong: "ask: GET\nexpect: { cluster: shop.example }",
      right: "ask: GET http://shop.example/\nexpect: { cluster: shop.example }",
    },
  },
  SL0702: {
    why: "Listeners are named gateway_PORT, for the port of a Gateway's server, and mesh. Rules for another port or another proxy create none here.",
    example: {
      in: "check of a case file",
      wrong: "ask: GET http://shop.example/\nat: gateway_81\nexpect: { cluster: shop.example }",
      right: "ask: GET http://shop.example/\nat: mesh\nexpect: { cluster: shop.example }",
    },
  },
  SL0703: {
    why: "The case could never pass, or never fail.",
    example: {
      in: "check of a case file",
      wrong: "ask: GET http://shop.example/\nexpect: { cluster: none, path: / }",
      right: "ask: GET http://shop.example/\nexpect: { cluster: shop.example, path: / }",
    },
  },
  SL0963: {
    why: "Each of Envoy's own routes counts in statistics of its own, some kilobytes each, which every scrape has. The filter counts by rule at no cost, however many rules there are.",
    example: {
      in: "call",
      wrong: "sluice run rules/ --target native --rule-counters on",
      right: "sluice run rules/ --target native --rule-counters all",
    },
  },
} as const satisfies Explanations;
