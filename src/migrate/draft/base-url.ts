/** Why a policy would not take this as the URL of an instance; null where it does. */
export function urlProblem(text: string): string | null {
  if (!URL.canParse(text)) return 'is no URL';
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'is no http or https URL';
  if (url.username !== '' || url.password !== '') return 'holds a user or password';
  if (url.search !== '' || url.hash !== '') return 'has a query or a fragment';
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.length > 1024 || /[\u0000-\u001f\u007f]/.test(text) ? 'is no plain text' : null;
}

/** Whether `/v1`, which Bourse adds, stands at its end already. */
export const endsWithV1 = (url: string): boolean => /\/v1\/*$/.test(url);
