export * from "../../compiler/cases/upstream.ts";
