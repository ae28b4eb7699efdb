/** The options of a proxy as a command line has them: for a program that is started with the same. */

import { flagOf } from "../../options/option.ts";
import { DEFAULT_PROXY_OPTIONS, PROXY_OPTIONS, type ProxyOptions } from "../../options.ts";

/** Those that differ from what holds anyway. */
export function proxyFlags(options: ProxyOptions): string[] {
  return (Object.keys(PROXY_OPTIONS) as (keyof ProxyOptions)[]).flatMap((key) => {
    const words = wordsOf(flagOf(key), options[key]);
    return String(words) === String(wordsOf(flagOf(key), DEFAULT_PROXY_OPTIONS[key])) ? [] : words;
  });
}

function wordsOf(flag: string, value: ProxyOptions[keyof ProxyOptions]): string[] {
  if (value instanceof Map) {
    return [...value].flatMap(([from, to]) => [flag, `${from}=${to}`]);
  }
  if (typeof value === "boolean") {
    return value ? [flag] : [];
  }
  const pairs = (labels: object) => Object.entries(labels).map(([name, label]) => `${name}=${label}`);
  return [flag, typeof value === "object" ? pairs(value).join(",") : String(value)];
}
