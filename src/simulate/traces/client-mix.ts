import { parseDocument } from 'yaml';
import { z } from 'zod';
import { fault } from '../../kernel/index.ts';

const positive = z.number().positive();

/** Tokens: log-normal by its median and the deviation of the logarithm, or Pareto by its least value and its tail. */
const lengthSchema = z.union(
  [
    z.strictObject({ median: positive.max(1e6), sigma: z.number().min(0).max(4) }),
    z.strictObject({ least: positive.max(1e6), tail: z.number().gt(1).max(100) }),
  ],
  { error: 'must be { median, sigma } (log-normal) or { least, tail } (Pareto)' },
);

const clientSchema = z.strictObject({
  name: z.string().min(1).max(64),
  /** Requests, or first requests of sessions. */
  perSecond: positive.max(1e5),
  arrivals: z
    .strictObject({
      process: z.enum(['gamma', 'weibull']).default('gamma'),
      /** Deviation of the gaps over their mean: 1 is Poisson, more comes in bursts. */
      cv: z.number().min(0.1).max(20).default(1),
    })
    .prefault({}),
  /** Of a request; of a session: what each turn adds. */
  prompt: lengthSchema,
  output: lengthSchema,
  /** What all prompts of the client begin with, in tokens. */
  systemTokens: z.int().min(0).max(1e6).default(0),
  /** Agents: the next turn comes when the one before is answered and was thought about. */
  session: z
    .strictObject({ turns: z.number().min(1).max(1000), thinkSeconds: z.number().min(0).max(3600) })
    .optional(),
});

const mixSchema = z.strictObject({
  version: z.literal(1, { error: 'must be 1: begin the file with "version: 1"' }),
  seconds: positive.max(1e6).default(600),
  seed: z.int().min(0).default(1),
  /** The rate of all swings by this share around its mean. */
  diurnal: z
    .strictObject({ amplitude: z.number().min(0).max(0.95), periodSeconds: positive })
    .optional(),
  contextTokens: z.int().min(512).max(1e6).default(32_768),
  clients: z.array(clientSchema).min(1).max(10_000),
});

export type ClientMix = z.output<typeof mixSchema>;
export type Client = ClientMix['clients'][number];
export type Length = Client['prompt'];

/** Reads a mix of clients (YAML). Throws `BRS_CONFIG` that names the place. */
export function readClientMix(text: string, file: string): ClientMix {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined) throw fault('BRS_CONFIG', { report: `${file}: ${error.message}` });
  const parsed = mixSchema.safeParse(document.toJS());
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(
    ({ path, message }) =>
      `${file}: ${path.length === 0 ? 'the file' : path.join('.')}: ${message}`,
  );
  throw fault('BRS_CONFIG', { report: lines.join('\n') });
}
