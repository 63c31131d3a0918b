import { z } from 'zod';
import { count, oneOrMany, plainText } from './scalars.ts';

const pattern = plainText.max(128);
const patterns = oneOrMany(pattern, 'a name, in which "*" stands for any characters');

const names = {
  allow: patterns
    .optional()
    .describe('Only tools of these names; `*` stands for any characters.')
    .meta({ examples: [['search_*', 'get_weather']] }),
  deny: patterns
    .optional()
    .describe('No tool of these names; `*` stands for any characters.')
    .meta({ examples: [['shell', 'db_*']] }),
};

const onCall = z
  .enum(['drop', 'block', 'allow'])
  .default('drop')
  .describe(
    'What becomes of an answer that calls such a tool: the call is taken out, the answer is withheld, or it passes. A tool that the request did not declare is taken out too; where every rule blocks, the answer is withheld.',
  );

const message = plainText.optional().describe('What the client is told in their place.');

/** `tools` of a constraint. */
export const toolConstraintSchema = z
  .strictObject({
    ...names,
    onDeclared: z
      .enum(['cut', 'refuse'])
      .default('cut')
      .describe('What becomes of a request that declares such a tool.'),
    onHistory: z
      .enum(['keep', 'refuse'])
      .default('keep')
      .describe('The same for one whose conversation holds a call of such a tool.'),
    onCall,
    message,
  })
  .refine(({ allow, deny }) => allow !== undefined || deny !== undefined, {
    error: 'must have allow or deny',
  });

/** `use.tools` of a route. */
export const toolUseSchema = z
  .strictObject({
    ...names,
    relevant: z
      .strictObject({
        top: count.max(1024).default(8).describe('How many are kept.'),
        minScore: z
          .number()
          .min(-1)
          .max(1)
          .optional()
          .describe('None that fits less, as the toolRelevance signal scores it.'),
        keep: patterns.optional().describe('Tools that are kept besides; `*` as above.'),
      })
      .optional()
      .describe(
        'Keeps only the tools that fit the last user text best. Those that the conversation has called, and those that `tool_choice` names, stay in any case; so do all where the relevance is unknown.',
      )
      .meta({ examples: [{ top: 8, keep: ['ask_human'] }] }),
    onCall,
    message,
  })
  .refine(
    ({ allow, deny, relevant }) =>
      allow !== undefined || deny !== undefined || relevant !== undefined,
    { error: 'must have allow, deny or relevant' },
  );

const answerText = z.string().min(1).max(100_000);
const webAddress = z
  .url({ protocol: /^https?$/, error: 'must be an address that begins with http:// or https://' })
  .max(2048);

/** `use.answer`: exactly one of the three. */
export const answerSchema = z
  .strictObject({
    text: answerText.optional().describe('The answer.'),
    refuse: answerText
      .optional()
      .describe('A refusal: it stands where the surface has a place for refusals.'),
    redirect: z
      .strictObject({
        text: answerText.describe('What stands before the address.'),
        url: webAddress.describe('Where the client is sent to.'),
      })
      .optional()
      .describe('A text and an address, which is marked as a source where the surface can.'),
  })
  .refine(
    ({ text, refuse, redirect }) =>
      [text, refuse, redirect].filter((each) => each !== undefined).length === 1,
    { error: 'must have one of text, refuse and redirect' },
  );
