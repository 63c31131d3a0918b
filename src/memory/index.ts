/**
 * Memory: session and context pointers become the effective conversation.
 * Enters a workload, leaves a workload; the client's bytes are never changed here.
 * Without stored contexts the request is the whole conversation: the identity.
 */
import type { Resolve } from '../contract/index.ts';

export const resolveConversation: Resolve = (workload) => workload;
