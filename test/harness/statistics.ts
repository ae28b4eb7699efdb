export * from "../../compiler/cases/statistics.ts";
