import type { AwardedDecision, RequestBody } from '../contract/index.ts';
import { BodyEdits, cutTools, declaredTools, scanBody } from '../wire/index.ts';

/** Takes the tools that are kept from the model out of the client's own body. */
export function editTools(edits: BodyEdits, { workload, mandate }: AwardedDecision): void {
  const { tools } = mandate;
  if (tools === null || tools.cut.length === 0) return;
  const { body } = workload;
  cutTools(body, edits, declaredTools(body), tools.cut);
}

/** The client's body with the tools that the model is offered: the body itself where that is all of them. */
export function offeredBody(decision: AwardedDecision): RequestBody {
  const { workload, mandate } = decision;
  if (mandate.tools === null || mandate.tools.cut.length === 0) return workload.body;
  const edits = new BodyEdits(workload.body);
  editTools(edits, decision);
  return scanBody(edits.build());
}
