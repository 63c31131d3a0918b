/** The owner's side of the keeper: a door of its own, since workers only speak to one and do not load it. */
export { createKeeper } from '../keeper.ts';
export type { Keeper } from '../keeper.ts';
