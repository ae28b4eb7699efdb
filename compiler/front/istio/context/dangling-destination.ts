/** Destinations that lead nowhere, as the lowering comes upon them and as they are told. */

import type { FieldPath, Resource } from "../../resources/model.ts";
import type { Service } from "../../services/service.ts";

export interface DanglingDestination {
  /** That of a rule has those of its delegates in it. */
  readonly resource: Resource<unknown>;
  readonly path: FieldPath;
  /** The namespace from which it was looked for. */
  readonly viewer: string;
  readonly resolved: ResolvedDestination;
}

export interface ResolvedDestination {
  /** Fully qualified; where the destination names an ExternalName Service, what that stands for. */
  readonly host: string;
  /** That Service's own host. */
  readonly alias?: string;
  /** Of an alias, what it stands for. */
  readonly service: Service | undefined;
  /** Absent where it depends on a place that is not known. */
  readonly port: number | undefined;
  /** Empty: none. */
  readonly subset: string;
  /** What is not there, most important first. Empty: the destination leads somewhere. */
  readonly missing: readonly ("host" | "port" | "subset")[];
}
