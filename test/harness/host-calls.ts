/** Listens at the border between the filter and a host in Node: every call across it, before it is made. */

type Call = (...args: number[]) => unknown;
type Imports = Record<string, Record<string, Call>>;
interface Instance {
  readonly exports: { readonly memory: { readonly buffer: ArrayBuffer } };
}
type InstanceClass = new (module: WebAssembly.Module, imports: Imports) => Instance;

/** `name` is that of the import; `memory` is the filter's own, in which its arguments point. */
export type Listening = (name: string, args: readonly number[], memory: () => ArrayBuffer) => void;

/** `WebAssembly`, but that calls of what is instantiated by it are told. */
export function listeningWebAssembly(listening: Listening): typeof WebAssembly {
  class Listened extends (WebAssembly.Instance as unknown as InstanceClass) {
    constructor(module: WebAssembly.Module, imports: Imports) {
      let memory: Instance["exports"]["memory"] | undefined;
      super(
        module,
        listened(imports, (name, args) => listening(name, args, () => memory!.buffer)),
      );
      memory = this.exports.memory;
    }
  }
  return Object.create(WebAssembly, { Instance: { value: Listened } });
}

/** The same imports, each of which is told before it is called. */
function listened(imports: Imports, tell: (name: string, args: readonly number[]) => void): Imports {
  const wrap = (group: Record<string, Call>) =>
    Object.fromEntries(
      Object.entries(group).map(([name, call]): [string, Call] => [
        name,
        (...args) => {
          tell(name, args);
          return call(...args);
        },
      ]),
    );
  return Object.fromEntries(Object.entries(imports).map(([name, group]) => [name, wrap(group)]));
}
