import type { CascadePlan, HedgePlan, Mandate } from '../../contract/index.ts';
import type { ModelId } from '../../kernel/index.ts';
import type { PolicyFile } from '../schema/index.ts';

type Use = PolicyFile['routes'][number]['use'];

/** The members of a mandate that say how often a request is asked; none where it is asked once. */
export function attemptPlansOf({ cascade, hedge }: Use): Pick<Mandate, 'cascade' | 'hedge'> {
  return {
    ...(cascade === undefined ? {} : { cascade: cascadeOf(cascade) }),
    ...(hedge === undefined ? {} : { hedge: hedgeOf(hedge) }),
  };
}

function cascadeOf({ models, maxSteps, accept }: NonNullable<Use['cascade']>): CascadePlan {
  const steps =
    models === 'auto'
      ? null
      : models.map((written) =>
          typeof written === 'string'
            ? { model: written as ModelId, effort: null, accuracy: null }
            : {
                model: written.model as ModelId,
                effort: written.reasoning ?? null,
                accuracy: written.accuracy ?? null,
              },
        );
  return {
    steps,
    maxSteps,
    confidence: accept.by === 'form' ? null : accept.by,
    checkedBy: (accept.checkedBy as ModelId | undefined) ?? null,
    acceptFrom: accept.from ?? null,
    decideAfterTokens: accept.afterTokens ?? null,
  };
}

const hedgeOf = (hedge: NonNullable<Use['hedge']>): HedgePlan => ({
  afterMs: hedge.afterMs ?? null,
  afterQuantile: hedge.afterQuantile,
  maxShare: hedge.maxShare,
  maxLoad: hedge.maxLoad,
});
