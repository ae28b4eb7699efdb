/** What the user of the action can put right; its message is all that is shown. */
export class ActionError extends Error {}
