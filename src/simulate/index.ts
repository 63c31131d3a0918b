/**
 * Simulate: engines that do not exist. A clock, a source of randomness and a specification enter; an
 * engine in virtual or real time leaves, and HTTP servers that speak vLLM's protocol with it. It
 * never passes for the real thing: every answer says that it is simulated. Imports no room.
 */
export { answerIsRight, probabilityRight } from './accuracy.ts';
export { drawOutputTokens } from './answer-plan.ts';
export { DEMO_FLEET, EXAMPLE_FLEET } from './demo-fleet.ts';
export { createEngineModel } from './engine-model.ts';
export type {
  EngineModel,
  EngineOptions,
  EngineStats,
  SequenceRequest,
  SequenceResult,
} from './engine-model.ts';
export type { AnswerSpec, EngineSpec, SimulatedSpec } from './engine-spec.ts';
export type { SimulatedFault } from './fault-injection.ts';
export { forkDemoFleet } from './fork-fleet.ts';
export type { ForkedFleet, ForkFleetOptions } from './fork-fleet.ts';
export { promptBlocks } from './prompt-blocks.ts';
export type { PromptBlocks } from './prompt-blocks.ts';
export { createSimulatedServer } from './simulated-server.ts';
export type { SimulatedServer, SimulatedServerOptions } from './simulated-server.ts';
export { thinkingOf } from './thinking-request.ts';
export { drawThinkingTokens, easedDifficulty } from './thinking.ts';
export type { Thinking, ThinkingSpec } from './thinking.ts';
export { startDemoFleet, urlVariable } from './start-fleet.ts';
export type { DemoFleet, DemoFleetOptions } from './start-fleet.ts';
