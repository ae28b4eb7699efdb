/** What is to be said of one object: pure, from what is known of it. */

import { offsetAt } from "../../diagnostics/position.ts";
import type { JsonDiagnostic } from "../../diagnostics/render/json.ts";
import type { SourceFile } from "../../diagnostics/span.ts";
import type { HeldObject } from "../../held-object.ts";
import { fieldsOf, kubernetesField } from "../../source/field-at.ts";
import type { Statement } from "./condition.ts";

/** A finding about the object. */
export type Finding = Pick<
  JsonDiagnostic,
  "code" | "level" | "message" | "help" | "line" | "column" | "endLine" | "endColumn"
>;

/** Where the text of the object that holds now came to proxies. */
export interface Programming {
  readonly revision: string;
  /**
   * - `waiting`: no proxy has it yet.
   * - `rolling out`: `on` of `of` proxies have it.
   * - `done`: all had it when the roll-out ended; whoever joins later gets it at once.
   * - `taken back`: its roll-out failed.
   */
  readonly state: "waiting" | "rolling out" | "done" | "taken back";
  readonly on: number;
  readonly of: number;
  /** The wave that is under way, or why it was taken back. */
  readonly words?: string;
}

export interface ObjectFacts {
  /** As the compiler has it. */
  readonly file: SourceFile;
  readonly findings: readonly Finding[];
  /** It is wrong: its last good version holds, or nothing of it. */
  readonly heldBack?: HeldObject["holds"];
  /** Absent before it has come to a revision. */
  readonly programming?: Programming;
}

/** Characters; a condition is for people, who have `sluice check` for the rest. */
const LONGEST = 4_000;

export function statementsOf(facts: ObjectFacts): readonly Statement[] {
  const accepted = acceptedOf(facts);
  return facts.programming === undefined ? [accepted] : [accepted, programmedOf(facts.programming)];
}

function acceptedOf({ file, findings, heldBack }: ObjectFacts): Statement {
  const errors = findings.filter(({ level }) => level === "error");
  const warnings = findings.filter(({ level }) => level === "warning");
  const [first] = errors;
  const said = [...errors, ...warnings];
  const field = said.length > 0 ? fieldsAt(file) : () => "";
  const lines = said.map((finding) => lineOf(finding, field(finding)));
  if (heldBack !== undefined || first !== undefined) {
    const holds = heldBack === "left out" ? "It is left out." : "Its last good version stays in effect.";
    return {
      type: "Accepted",
      status: "False",
      reason: first?.code ?? "Invalid",
      message: shortened([...lines, holds].join("\n")),
    };
  }
  return {
    type: "Accepted",
    status: "True",
    reason: warnings.length > 0 ? "AcceptedWithWarnings" : "Accepted",
    message: shortened(lines.join("\n")),
  };
}

function lineOf({ code, message, help }: Finding, field: string): string {
  return `${field === "" ? "" : `${field}: `}${message} (${code})${help === undefined ? "" : `; ${help}`}`;
}

/** As Kubernetes writes it; empty where a finding is of the object as a whole. */
function fieldsAt(file: SourceFile): (finding: Finding) => string {
  const fieldAt = fieldsOf(file);
  return ({ line, column, endLine, endColumn }) => {
    if (line === undefined || column === undefined || endLine === undefined || endColumn === undefined) {
      return "";
    }
    const start = offsetAt(file, { line, column });
    return kubernetesField(fieldAt({ start, end: offsetAt(file, { line: endLine, column: endColumn }) }));
  };
}

function programmedOf({ revision, state, on, of, words }: Programming): Statement {
  const type = "Programmed";
  const counted = `revision ${revision} on ${on} of ${of} ${of === 1 ? "proxy" : "proxies"}`;
  switch (state) {
    case "waiting":
      return { type, status: "False", reason: "Pending", message: `revision ${revision} is on no proxy yet` };
    case "rolling out": {
      const wave = words === undefined ? "" : `, wave ${words}`;
      return { type, status: "False", reason: "RollingOut", message: `${counted}${wave}` };
    }
    case "done":
      return { type, status: "True", reason: "Programmed", message: counted };
    case "taken back": {
      const why = words === undefined ? "" : `: ${words}`;
      return {
        type,
        status: "False",
        reason: "TakenBack",
        message: shortened(`revision ${revision} was taken back${why}`),
      };
    }
  }
}

function shortened(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1).replace(/\p{Surrogate}$/u, "")}…` : text;
}
