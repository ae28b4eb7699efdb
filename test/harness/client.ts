export * from "../../compiler/run/stand-in/client.ts";
