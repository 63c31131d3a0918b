import { z } from 'zod';

/**
 * The base of a server's API: an http or https URL, without a trailing slash and without `/v1`, which
 * engines add. Messages never quote it: a URL can hold a password.
 */
export const baseUrl = z.string().transform((text, context) => {
  const url = readUrl(text, context);
  if (url === null) return z.NEVER;
  return url.origin + url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '');
});

/** An http or https URL, called as it is written. */
export const exactUrl = z.string().transform((text, context) => {
  const url = readUrl(text, context);
  return url === null ? z.NEVER : url.origin + url.pathname;
});

/** A ZMQ endpoint, called as it is written. */
export const kvEndpoint = z
  .string()
  .regex(/^tcp:\/\/(?:[A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}$/, {
    error: 'must be an address such as "tcp://10.0.0.5:5557"',
  });

function readUrl(text: string, context: z.RefinementCtx): URL | null {
  const refuse = (message: string): null => {
    context.addIssue({ code: 'custom', message, input: text });
    return null;
  };
  if (!URL.canParse(text)) {
    return refuse('must be a URL such as "http://10.0.0.5:8000"');
  }
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return refuse('must begin with http:// or https://');
  }
  if (url.username !== '' || url.password !== '') {
    return refuse('must not hold a user or password: use apiKey');
  }
  if (url.search !== '' || url.hash !== '') {
    return refuse('must not have a query or a fragment: remove what follows ? or #');
  }
  return url;
}
