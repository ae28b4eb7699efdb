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
  const event = { kind: "failed", error: new EnvironmentError("the disk is full") } as const;
  expect(said("text", event)).toEqual({
    out: "",
    err: "sluice: could not reload: the disk is full; the old rules stay in effect\n",
  });
  expect(JSON.parse(said("json", event).out)).toEqual({
    event: "failed",
    message: "could not reload: the disk is full; the old rules stay in effect",
  });
});

test("a mistake of ours while reloading keeps its stack", () => {
  const error = new TypeError("x is undefined");
  const { err } = said("text", { kind: "failed", error });
  expect(err).toContain("could not reload: x is undefined; the old rules stay in effect\n");
  expect(err).toContain(error.stack);
  expect(JSON.parse(said("json", { kind: "failed", error }).out)).toMatchObject({
    event: "failed",
    stack: error.stack,
  });
});

test("what Envoy rejects is told in its words, and as fields", () => {
  const event = { kind: "rejected", step: "rules", words: ["no such cluster"] } as const;
  expect(said("text", event).err).toBe(
    "sluice: Envoy rejected the rules; the old rules stay in effect\n  no such cluster\n",
  );
  expect(JSON.parse(said("json", event).out)).toMatchObject({
    event: "rejected",
    step: "rules",
    words: ["no such cluster"],
  });
});

test("Envoy's log is passed on", () => {
  const event = { kind: "log", line: "[warning] something" } as const;
  expect(said("text", event)).toEqual({ out: "", err: "[warning] something\n" });
  expect(JSON.parse(said("json", event).out)).toEqual({ event: "log", message: "[warning] something" });
});
