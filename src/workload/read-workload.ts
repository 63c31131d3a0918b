import type { FieldSpan, Ingress, RequestBody, Surface, Workload } from '../contract/index.ts';
import { LOWER_N, QUOTE, scanBody } from '../wire/index.ts';
import type { JsonText } from '../wire/index.ts';
import { BodyWorkload } from './body-workload.ts';
import { Census } from './census.ts';
import {
  headerOf,
  missing,
  readChoices,
  readModel,
  readOutputCeiling,
  readSession,
  readStream,
  readUser,
  readWantsStreamUsage,
} from './parameters.ts';
import { readPreferences } from './preferences.ts';

/**
 * Reads a request. Throws a `Fault` that names the field for anything that no engine would accept
 * or that two readers could understand differently; unknown fields pass.
 */
export function readWorkload(ingress: Ingress): Workload {
  const { surface } = ingress;
  const body = scanBody(ingress.bytes);
  const requestedModel = readModel(body);
  const census = takeCensus(body, surface);
  const user = readUser(body);
  const generates = surface !== 'embeddings';
  const isStream = generates && readStream(body);
  return new BodyWorkload(ingress, body, census, {
    requestedModel,
    isStream,
    wantsStreamUsage: isStream && readWantsStreamUsage(body, surface),
    user,
    session: readSession(ingress, body, user),
    outputCeilingTokens: generates ? readOutputCeiling(body) : null,
    choices: generates ? readChoices(body) * census.prompts : 1,
    preferences: readPreferences(body, headerOf(ingress, 'x-bourse-mode'), requestedModel),
  });
}

function takeCensus(body: RequestBody, surface: Surface): Census {
  const census = new Census();
  const { bytes, close: end, longStrings } = body;
  const text: JsonText = { bytes, end, isStrict: false, longStrings };
  if (surface === 'chat') {
    census.readMessages(text, required(body, 'messages'), 'messages');
  } else if (surface === 'completions') {
    census.readPrompt(text, required(body, 'prompt'), 'prompt');
  } else {
    const span = required(body, 'input');
    const isItems = surface === 'responses' && body.bytes[span.start] !== QUOTE;
    if (isItems) census.readMessages(text, span, 'input');
    else census.readPrompt(text, span, 'input');
  }
  return census;
}

function required(body: RequestBody, key: string): FieldSpan {
  const span = body.fields.get(key);
  if (span === undefined || body.bytes[span.start] === LOWER_N) throw missing(key);
  return span;
}
