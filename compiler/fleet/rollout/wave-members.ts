/** Which proxies of a roll-out the wave that is under way is for: those that are there when it begins, and those that join later. */

import { isChanged, isGone } from "./member.ts";
import type { RolloutState } from "./state.ts";
import { membersOf, scoreOf, type Wave, waveOf } from "./waves.ts";

/** The wave that is under way; `undefined` before the first. */
export function waveUnderWay({ plan, wave }: RolloutState): Wave | undefined {
  const name = plan.waves[wave];
  return name === undefined ? undefined : waveOf(name);
}

/** Whether a proxy that joins is part of the wave that is under way. */
export function belongsToWave(
  state: RolloutState,
  { id, scope, canary }: { readonly id: string; readonly scope: string; readonly canary: boolean },
): boolean {
  const wave = waveUnderWay(state);
  const { cutoff, members } = state;
  switch (wave?.kind) {
    case "share":
      return canary || wave.percent === 100 || (cutoff !== undefined && scoreOf(id) <= cutoff);
    case "perScope": {
      const changed = Object.values(members).filter(
        (member) => isChanged(member) && member.lost === undefined,
      );
      const canaries = Object.values(members).some((member) => member.canary);
      return (
        canary || (!canaries && changed.filter((member) => member.scope === scope).length < wave.proxies)
      );
    }
    default:
      return false;
  }
}

/** Those that a wave begins with and that no earlier one had; `cutoff` says who joins them later. */
export function chosenFor(
  wave: Wave,
  { members }: RolloutState,
): { readonly chosen: readonly string[]; readonly cutoff: string | undefined } {
  const present = Object.entries(members)
    .filter(([, member]) => !isGone(member))
    .map(([id, { scope, canary }]) => ({ id, scope, canary }));
  const all = membersOf(wave, present);
  const ordinary = all.filter((id) => !members[id]!.canary).map(scoreOf);
  return {
    chosen: all.filter((id) => !isChanged(members[id]!)),
    cutoff: ordinary.length === 0 ? undefined : ordinary.reduce((a, b) => (a > b ? a : b)),
  };
}
