import { z } from 'zod';

/**
 * The base of a server's API: an http or https URL, without a trailing slash and without `/v1`, which
 * engines add. Messages never quote it: a URL can hold a password.
 */
export const baseUrl = z.string().transform((text, context) => {
  const refuse = (message: string): never => {
    context.addIssue({ code: 'custom', message, input: text });
    return z.NEVER;
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
  return url.origin + url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '');
});
