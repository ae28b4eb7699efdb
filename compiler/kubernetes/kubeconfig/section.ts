/** A mapping of a kubeconfig, whose fields are asked for by type; a wrong one is an error with its file and place. */

import { dirname, resolve } from "node:path";
import { EnvironmentError } from "../../platform/error.ts";

export class Section {
  readonly file: string;
  /** Where it stands, such as `user "admin"`; empty for the whole file. */
  readonly place: string;
  readonly #fields: Readonly<Record<string, unknown>>;

  private constructor(file: string, place: string, fields: Readonly<Record<string, unknown>>) {
    this.file = file;
    this.place = place;
    this.#fields = fields;
  }

  static root(file: string, value: unknown): Section {
    if (!isMapping(value)) {
      throw new EnvironmentError(
        `${file}: this is not a kubeconfig: it must be a mapping with clusters, users and contexts`,
      );
    }
    return new Section(file, "", value);
  }

  /** How it is called in messages: `user "admin" in /home/me/.kube/config`. */
  get title(): string {
    return this.place === "" ? this.file : `${this.place} in ${this.file}`;
  }

  /** As they stand there. */
  get fields(): Readonly<Record<string, unknown>> {
    return this.#fields;
  }

  has(field: string): boolean {
    const value = this.#fields[field];
    return value !== undefined && value !== null && value !== "";
  }

  /** Undefined where it is missing or empty, which kubectl does not tell apart. */
  text(field: string): string | undefined {
    if (!this.has(field)) {
      return undefined;
    }
    const value = this.#fields[field];
    if (typeof value !== "string") {
      throw this.error(`\`${field}\` must be a text${typeof value === "object" ? "" : "; quote it"}`);
    }
    return value;
  }

  flag(field: string): boolean {
    const value = this.#fields[field] ?? false;
    if (typeof value !== "boolean") {
      throw this.error(`\`${field}\` must be true or false`);
    }
    return value;
  }

  texts(field: string): readonly string[] {
    const value = this.#fields[field] ?? [];
    if (!Array.isArray(value) || value.some((one) => typeof one !== "string")) {
      throw this.error(`\`${field}\` must be a list of texts`);
    }
    return value;
  }

  /** A file, as seen from the folder of the kubeconfig. */
  path(field: string): string | undefined {
    const value = this.text(field);
    return value === undefined ? undefined : resolve(dirname(this.file), value);
  }

  /** What stands there in base64, such as a certificate. */
  data(field: string): string | undefined {
    const value = this.text(field)?.replace(/\s+/g, "");
    if (value === undefined) {
      return undefined;
    }
    const bytes = Buffer.from(value, "base64");
    if (bytes.toString("base64").replace(/=+$/, "") !== value.replace(/=+$/, "")) {
      throw this.error(`\`${field}\` is not valid base64`);
    }
    return bytes.toString();
  }

  section(field: string): Section | undefined {
    if (!this.has(field)) {
      return undefined;
    }
    const value = this.#fields[field];
    if (!isMapping(value)) {
      throw this.error(`\`${field}\` must be a mapping`);
    }
    return new Section(
      this.file,
      this.place === "" ? `\`${field}\`` : `\`${field}\` of ${this.place}`,
      value,
    );
  }

  /** Every field, as a list of texts each. */
  textLists(): [string, readonly string[]][] {
    return Object.keys(this.#fields).map((field) => [field, this.texts(field)]);
  }

  /** Mappings of a list, such as the variables of a program. */
  sections(field: string): Section[] {
    const value = this.#fields[field] ?? [];
    if (!Array.isArray(value) || !value.every(isMapping)) {
      throw this.error(`\`${field}\` must be a list of mappings`);
    }
    return value.map(
      (one, i) => new Section(this.file, `entry ${i + 1} of \`${field}\` of ${this.place}`, one),
    );
  }

  /** A list of `{name, [inner]}`, by name; the first of a name wins. */
  named(field: string, inner: string): Map<string, Section> {
    const found = new Map<string, Section>();
    for (const entry of this.sections(field)) {
      const name = entry.text("name");
      if (name === undefined) {
        throw entry.error("`name` is missing");
      }
      const value = entry.#fields[inner] ?? {};
      if (!isMapping(value)) {
        throw entry.error(`\`${inner}\` must be a mapping`);
      }
      if (!found.has(name)) {
        found.set(name, new Section(this.file, `${inner} "${name}"`, value));
      }
    }
    return found;
  }

  error(what: string): EnvironmentError {
    return new EnvironmentError(`${this.file}: ${this.place === "" ? "" : `${this.place}: `}${what}`);
  }
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
