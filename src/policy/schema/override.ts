import { z } from 'zod';

export const OVERRIDE =
  'Replaces an inherited entry of this name, knowing that constraints rest on it.';

/** Read while policies are laid over one another; a policy that is whole has none left. */
export const override = z.boolean().optional().describe(OVERRIDE);
