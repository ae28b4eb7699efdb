export * from "../../compiler/run/stand-in/upstream.ts";
