/** What readers say. v1 shows no stars and asks nobody; v2 and v3 ask ratings, and differ in the colour. */

import { type MeshClient, passedOn } from "./mesh-client.ts";
import type { Ratings } from "./ratings.ts";
import { type Place, type Service, startService } from "./service.ts";

export interface Reviews {
  readonly version: string;
  readonly reviews: readonly Review[];
  /** Why there are no stars, though this version shows some. */
  readonly ratingsError?: string;
}

export interface Review {
  readonly reviewer: string;
  readonly text: string;
  readonly stars?: number;
  readonly color?: string;
}

const TEXTS = [
  {
    reviewer: "Reviewer 1",
    text: "An extremely entertaining play by Shakespeare. The slapstick humour is refreshing!",
  },
  {
    reviewer: "Reviewer 2",
    text: "Absolutely fun and entertaining. The play lacks thematic depth when compared to others of his.",
  },
];

const COLORS: Readonly<Record<string, string>> = { v2: "black", v3: "red" };

export function startReviews(version: "v1" | "v2" | "v3", mesh: MeshClient, at?: Place): Promise<Service> {
  return startService({ app: "reviews", version, at }, async (url, request) => {
    const id = /^\/reviews\/(\d+)$/.exec(url.pathname)?.[1];
    if (id === undefined) {
      return undefined;
    }
    const color = COLORS[version];
    if (color === undefined) {
      return { body: { version, reviews: TEXTS } satisfies Reviews };
    }
    const answer = await mesh.get("ratings:9080", `/ratings/${id}`, passedOn(request.headers));
    if (answer.status !== 200) {
      const ratingsError = `ratings answered ${answer.status}`;
      return { body: { version, reviews: TEXTS, ratingsError } satisfies Reviews };
    }
    const { ratings } = JSON.parse(answer.body) as Ratings;
    const reviews = TEXTS.map((review) => ({ ...review, stars: ratings[review.reviewer] ?? 0, color }));
    return { body: { version, reviews } satisfies Reviews };
  });
}
