import type { Fault } from '../kernel/index.ts';
import type { FlowController, Ingress, ResponseSink, Route } from '../contract/index.ts';
import { errorBody, errorEvent, messageErrorBody, messageErrorEvent } from '../wire/index.ts';

/** How a surface says that something went wrong: as a body, or as the event that ends a stream. */
export interface ErrorForm {
  body(problem: Fault, decision?: string): Buffer;
  event(problem: Fault, decision?: string): Buffer;
}

export const OPENAI_ERRORS: ErrorForm = { body: errorBody, event: errorEvent };
export const MESSAGES_ERRORS: ErrorForm = { body: messageErrorBody, event: messageErrorEvent };

/** A surface that is turned into chat at the door, and back. What is behind the door knows chat only. */
export interface Edge {
  readonly errors: ErrorForm;
  /** Does for its surface what `route.handle` does for chat. Throws a fault where the request cannot be put as chat. */
  handle(route: Route, ingress: Ingress, client: ResponseSink): FlowController;
}
