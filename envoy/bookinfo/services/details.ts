/** What is printed on the book. */

import { type Place, type Service, startService } from "./service.ts";

export interface Details {
  readonly author: string;
  readonly year: number;
  readonly type: string;
  readonly pages: number;
  readonly language: string;
  readonly isbn: string;
}

const THE_BOOK: Details = {
  author: "William Shakespeare",
  year: 1595,
  type: "paperback",
  pages: 200,
  language: "English",
  isbn: "978-0-14-143951-8",
};

export function startDetails(at?: Place): Promise<Service> {
  return startService({ app: "details", version: "v1", at }, (url) =>
    /^\/details\/\d+$/.test(url.pathname) ? { body: THE_BOOK } : undefined,
  );
}
