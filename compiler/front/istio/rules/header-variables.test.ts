import { expect, test } from "vitest";
import { unknownVariable } from "./header-variables.ts";

test.each(["plain", "100%%", "%PROTOCOL%", "a %REQ(x-id):10% b %START_TIME%", "%%UNKNOWN%%"])(
  "%s",
  (value) => {
    expect(unknownVariable(value)).toBeUndefined();
  },
);

test.each([
  ["%PROTOCOL% %UNKNOWN(1)%", "%UNKNOWN(1)%"],
  ["%PROTOCOL(1)%", "%PROTOCOL(1)%"],
  ["%REQ%", "%REQ%"],
  ["%PROTOCOL:2%", "%PROTOCOL:2%"],
  // Known to the newest Envoy only.
  ["%LISTENER_NAME%", "%LISTENER_NAME%"],
])("%s", (value, found) => {
  expect(unknownVariable(value)).toBe(found);
});
