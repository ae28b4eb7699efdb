export * from "../../compiler/run/stand-in/free-port.ts";
