export * from "../../compiler/cases/free-port.ts";
