import { z } from 'zod';
import {
  count,
  identifier,
  milliseconds,
  plainText,
  positive,
  seconds,
  sha256,
} from './scalars.ts';
import { explorationSchema, probesSchema, routerSchema } from './exploration.ts';
import { accuracyLearningSchema } from './feedback.ts';

const port = z.int().min(0).max(65_535);

export const serverSchema = z
  .strictObject({
    host: plainText
      .default('127.0.0.1')
      .describe('Address of the model API. Beyond loopback, `keys` must be configured.'),
    port: port.default(8080).describe('0 takes a free port.'),
    admin: z
      .strictObject({
        host: plainText
          .default('127.0.0.1')
          .describe('Address of the admin API. Beyond loopback, `keySha256` must be set.'),
        port: port.default(8081).describe('0 takes a free port.'),
        keySha256: sha256.optional().describe("SHA-256 of the admin API's key. Unset: no key."),
      })
      .prefault({})
      .describe('The admin API, on a port of its own.'),
    limits: z
      .strictObject({
        bodyBytes: count.default(20 * 1024 * 1024).describe('Largest request body.'),
        headerBytes: z
          .int()
          .min(1024)
          .default(16 * 1024)
          .describe('Largest set of headers.'),
        connections: count.default(4096).describe('Open connections per worker.'),
        concurrency: count
          .default(1024)
          .describe('Requests in flight per worker; more are shed with 429.'),
        bodyTimeoutSeconds: positive
          .max(3600)
          .default(30)
          .describe('How long a body may take to arrive.'),
      })
      .prefault({})
      .describe('What one client may ask of the server.'),
    shutdown: z
      .strictObject({
        noticeSeconds: seconds
          .default(0)
          .describe('How long readiness fails before the port closes.'),
        drainSeconds: seconds.default(30).describe('How long requests may finish after that.'),
      })
      .prefault({})
      .describe('Phases of the shutdown.'),
    workers: z.int().min(1).max(256).default(1).describe('Processes that serve requests.'),
    prefixCache: z
      .enum(['tenant', 'everyone'])
      .default('tenant')
      .describe(
        'Who shares what engines keep of prompts. `tenant`: where `keys` name several tenants, engines that can keep them apart, so that none learns from prices and times what another asked.',
      ),
  })
  .prefault({})
  .describe('Where the exchange listens, and its ceilings.');

export const storeSchema = z
  .strictObject({
    path: plainText
      .optional()
      .describe('SQLite file, relative to the policy file. Unset: state is kept in memory only.'),
  })
  .prefault({})
  .describe('Durable state: ledger, budgets, beliefs.');

export const logSchema = z
  .strictObject({
    level: z
      .enum(['debug', 'info', 'warn', 'error', 'silent'])
      .default('info')
      .describe('The least severe line that is written.'),
  })
  .prefault({})
  .describe('Logging.');

/** The ceilings and time-outs of attempts, without defaults. */
const attemptMembers = {
  max: z
    .int()
    .min(1)
    .max(16)
    .describe(
      'Attempts in all, each on another instance; one that had closed its connection while idle is asked again.',
    ),
  connectTimeoutMs: milliseconds.describe('To open a connection.'),
  firstTokenTimeoutMs: milliseconds.describe('From dispatch to the first token.'),
  idleTimeoutMs: milliseconds.describe('Between two chunks of a stream.'),
  totalTimeoutMs: milliseconds.describe('For the whole request, its retries included.'),
  continueCut: z
    .boolean()
    .describe(
      'A stream that breaks off after its first token goes on at another instance of the same model, where its engine can continue a begun answer; else, and where this is off, it ends with an error event.',
    ),
};

export const attemptsOverrideSchema = z.strictObject(attemptMembers).partial();

export const attemptsSchema = z
  .strictObject({
    max: attemptMembers.max.default(3),
    connectTimeoutMs: attemptMembers.connectTimeoutMs.default(2000),
    firstTokenTimeoutMs: attemptMembers.firstTokenTimeoutMs.default(60_000),
    idleTimeoutMs: attemptMembers.idleTimeoutMs.default(30_000),
    totalTimeoutMs: attemptMembers.totalTimeoutMs.default(600_000),
    continueCut: attemptMembers.continueCut.default(true),
  })
  .prefault({})
  .describe('How a request is tried, and tried again down the ranking.');

export const healthSchema = z
  .strictObject({
    pollMs: z.int().min(50).max(3_600_000).default(1000).describe('Between two polls.'),
    timeoutMs: milliseconds.default(1000).describe('For one poll.'),
    breaker: z
      .strictObject({
        failures: count.default(5).describe('Failures in a row that open the circuit.'),
        openMs: milliseconds.default(2000).describe('How long it stays open the first time.'),
        openMsMax: milliseconds.default(60_000).describe('Ceiling of the doubling of that time.'),
        rampFrom: z
          .int()
          .min(0)
          .max(1_000)
          .default(0)
          .describe(
            'Requests at once that an instance gets at first when it is back; each success doubles them, and the rest goes to others. 0: any number.',
          ),
      })
      .refine((breaker) => breaker.openMsMax >= breaker.openMs, {
        path: ['openMsMax'],
        error: 'must not be less than openMs',
      })
      .prefault({})
      .describe('When an instance that fails is left alone.'),
  })
  .prefault({})
  .describe('How instances are watched.');

export const learningSchema = z
  .strictObject({
    reputation: z
      .strictObject({
        alpha: z
          .number()
          .gt(0)
          .max(1)
          .default(0.05)
          .describe('Weight of the newest observation in the moving average.'),
        graceRatio: z
          .number()
          .min(1)
          .default(1.1)
          .describe('How far over its promise an instance may be without losing reputation.'),
      })
      .prefault({})
      .describe('Latency promised against latency kept.'),
    accuracy: accuracyLearningSchema,
    exploration: explorationSchema,
    probes: probesSchema.optional(),
    router: routerSchema.optional(),
  })
  .prefault({})
  .describe('What is learned from outcomes.');

export const keySchema = z.strictObject({
  id: identifier.optional().describe("Defaults to the tenant and the hash's first 8 digits."),
  tenant: identifier.describe('Whose key it is.'),
  sha256: sha256.describe('SHA-256 of the key, in hexadecimal.'),
  roles: z.array(identifier).default([]).describe('What conditions on `role` see.'),
});
