import { expect, test } from "vitest";
import { EnvironmentError, type SessionEvent } from "../index.ts";
import type { Format } from "./format.ts";
import { Voice } from "./run-voice.ts";
import { Terminal } from "./terminal.ts";

function said(format: Format, event: SessionEvent): { out: string; err: string } {
  const texts = { out: "", err: "" };
  const into = (name: "out" | "err") => ({
    write: (text: string) => {
      texts[name] += text;
    },
  });
  const terminal = new Terminal(into("out"), into("err"));
  new Voice(terminal, format).tell(event);
  return texts;
}

test("the machine's failures while reloading are a line", () => {
  const event = { kind: "failed", error: new EnvironmentError("the disk is full"), untouched: true } as const;
  expect(said("text", event)).toEqual({
    out: "",
    err: "sluice: could not reload: the disk is full; the old rules stay in effect; trying again\n",
  });
  expect(JSON.parse(said("json", event).out)).toEqual({
    event: "failed",
    message: "could not reload: the disk is full; the old rules stay in effect; trying again",
  });
});

test("a mistake of ours while reloading keeps its stack", () => {
  const error = new TypeError("x is undefined");
  const { err } = said("text", { kind: "failed", error, untouched: false });
  expect(err).toContain(
    "could not reload: x is undefined; either the old or the new rules may be in effect; trying again\n",
  );
  expect(err).toContain(error.stack);
  expect(JSON.parse(said("json", { kind: "failed", error, untouched: false }).out)).toMatchObject({
    event: "failed",
    stack: error.stack,
  });
});

test("what Envoy rejects is told in its words, and as fields", () => {
  const event = { kind: "rejected", step: "rules", words: ["no such cluster"], again: false } as const;
  expect(said("text", event).err).toBe(
    "sluice: Envoy rejected the rules; the old rules stay in effect\n  no such cluster\n",
  );
  expect(JSON.parse(said("json", event).out)).toMatchObject({
    event: "rejected",
    step: "rules",
    words: ["no such cluster"],
  });
});

test("what is tried again says so, and what is known of the rules that serve", () => {
  const words = ["port 80 is already in use"];
  expect(said("text", { kind: "blocked", words }).err).toBe(
    "sluice: the new rules cannot be served yet; the old rules stay in effect; trying again\n  port 80 is already in use\n",
  );
  expect(said("text", { kind: "unknown", words: [] }).err).toBe(
    "sluice: Envoy does not answer: either the old or the new rules may be in effect; trying again until it does\n",
  );
  expect(said("text", { kind: "rejected", step: "clusters", words: [], again: true }).err).toBe(
    "sluice: Envoy did not accept the clusters; the old rules stay in effect; trying again until it does\n",
  );
});

test("a line of the access log is passed on as it is, or as an event like the others", () => {
  const event = { kind: "access", line: '{"rule":"a/b#c"}' } as const;
  expect(said("text", event)).toEqual({ out: '{"rule":"a/b#c"}\n', err: "" });
  expect(JSON.parse(said("json", event).out)).toEqual({ event: "access", line: event.line });
});

test("Envoy's log is passed on", () => {
  const event = { kind: "log", line: "[warning] something" } as const;
  expect(said("text", event)).toEqual({ out: "", err: "[warning] something\n" });
  expect(JSON.parse(said("json", event).out)).toEqual({ event: "log", message: "[warning] something" });
});
