/** The types that `filter/layout.ts` names, as TypeScript sees them. */
declare type u32 = number;
