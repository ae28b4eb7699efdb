/** Writes what differs to the pull request. A comment is written once, and then kept up to date. */

import { readFile } from "node:fs/promises";
import { getInput, info, setSecret, warning } from "@actions/core";
import { Comments, RefusedError } from "./comments.ts";
import { readPullRequest } from "./event.ts";
import { ActionError } from "./failure.ts";
import { shortened } from "./summary.ts";

/** Characters, as GitHub counts them; bytes are never fewer. */
const MOST = 65_000;

export async function commentStep(): Promise<void> {
  const pullRequest = await readPullRequest();
  if (pullRequest === undefined) {
    info("No comment: the event is not a pull request");
    return;
  }
  const token = getInput("token");
  if (token === "") {
    throw new ActionError("token: no token; the comment needs one that may write to pull requests");
  }
  setSecret(token);
  const marker = `<!-- sluice diff ${getInput("subject")} -->`;
  const text = await readFile(getInput("file"), "utf8");
  const body = shortened(`${marker}\n${text}`, MOST, "the rest is in the summary of the workflow");
  const comments = new Comments(process.env, token);
  try {
    const own = await comments.find(pullRequest.number, marker);
    if (own !== undefined) {
      info(
        own.body === body
          ? `Comment is up to date: ${own.url}`
          : `Updated ${await comments.update(own.id, body)}`,
      );
    } else if (getInput("changed") === "true") {
      info(`Wrote ${await comments.create(pullRequest.number, body)}`);
    } else {
      info("No comment: nothing differs");
    }
  } catch (error) {
    if (!(error instanceof RefusedError)) {
      throw error;
    }
    // What the token may do is decided outside of the rules, and they may be all right.
    warning(
      `GitHub refused the comment: ${error.message}\n` +
        (pullRequest.isFork
          ? "For pull requests from forks the workflow's token may only read; the summary of the workflow has the same."
          : "Give the job the permission pull-requests: write; the summary of the workflow has the same."),
    );
  }
}
