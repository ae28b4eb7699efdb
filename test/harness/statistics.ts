export * from "../../compiler/answers/cases/statistics.ts";
