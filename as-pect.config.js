/** The filter's unit tests. They run in Node without a host: the hostcalls below are the ones that units reach. */
export default {
  entries: ["filter/**/*.spec.ts"],
  include: [],
  disclude: [/node_modules/],
  async instantiate(memory, createImports, instantiate, binary) {
    let instance;
    let nanoseconds = 1_000_000_000n;
    const view = () => new DataView((instance.exports?.memory ?? memory).buffer);
    const hostcalls = new Proxy({ memory }, { get: (own, name) => own[name] ?? (() => 0), has: () => true });
    const imports = createImports({
      env: hostcalls,
      wasi_snapshot_preview1: {
        clock_time_get: (_id, _precision, at) => {
          nanoseconds += 1_000_000n;
          view().setBigUint64(at, nanoseconds, true);
          return 0;
        },
        random_get: () => 0,
      },
    });
    // createImports copies what it is given, and a copy of a proxy has no properties.
    imports.env = new Proxy(imports.env, { get: (own, name) => own[name] ?? (() => 0), has: () => true });
    instance = await instantiate(binary, imports);
    return instance;
  },
  outputBinary: false,
};
