export * from "../../compiler/cases/client.ts";
