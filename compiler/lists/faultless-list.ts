/** Remembers of a list that nothing was wrong in it, so that of the next one only what is new is looked at. */

import { areSame, listChange } from "./list-change.ts";

export class FaultlessList {
  #items: readonly unknown[] = [];
  #given: readonly unknown[] = [];

  /**
   * `look` says whether an item is faultless. What that depends on beside the item is `given`: when it is not what it was, all
   * are looked at.
   */
  lookThrough<T>(items: readonly T[], given: readonly unknown[], look: (item: T) => boolean): void {
    const { from, to } = listChange(areSame(given, this.#given) ? this.#items : [], items);
    let isFaultless = true;
    for (let i = from; i < to; i++) {
      isFaultless = look(items[i]!) && isFaultless;
    }
    this.#items = isFaultless ? items : [];
    this.#given = given;
  }
}
