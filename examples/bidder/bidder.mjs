// A bidder: quotes for the servers of one owner. BID_SECRET=… node bidder.mjs [PORT]
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const secret = process.env.BID_SECRET;
if (!secret) throw new Error('set BID_SECRET to the bidSecret of the policy');
const AGE_MAX_MS = 30_000;
const seen = new Map();

/** What this owner wants for a request, and how it will serve it. Put your own figures here. */
function quote({ promptTokens, cachedTokens, outputTokens }) {
  const seconds = 0.05 + (promptTokens - cachedTokens) / 8_000 + outputTokens.mean / 100;
  return {
    costUsd: (promptTokens * 0.1 + outputTokens.mean * 0.3) / 1e6,
    ttftMs: { mean: 50 + (promptTokens - cachedTokens) / 8, deviation: 20 },
    latencyMs: { mean: seconds * 1000, deviation: seconds * 200 },
    energyJoules: outputTokens.mean * 2,
  };
}

const sign = (kind, atMs, id, body) =>
  `sha256=${createHmac('sha256', secret).update(`${kind}\n${atMs}\n${id}\n`).update(body).digest('hex')}`;

/** Signed with the secret, recent, and never seen before. */
function isGenuine({ headers }, body) {
  const id = headers['x-bourse-bid-id'] ?? '';
  const atMs = Number(headers['x-bourse-bid-timestamp']);
  const given = Buffer.from(headers['x-bourse-bid-signature'] ?? '');
  const wanted = Buffer.from(sign('bid-request', atMs, id, body));
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return false;
  if (!(Math.abs(Date.now() - atMs) < AGE_MAX_MS) || seen.has(id)) return false;
  for (const [old, oldMs] of seen) if (Date.now() - oldMs > 2 * AGE_MAX_MS) seen.delete(old);
  seen.set(id, Date.now());
  return true;
}

async function answerBid(request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  if (!isGenuine(request, body)) {
    response.writeHead(401).end();
    return;
  }
  const answer = JSON.stringify(quote(JSON.parse(body)));
  const id = request.headers['x-bourse-bid-id'];
  const atMs = Date.now();
  response.writeHead(200, {
    'content-type': 'application/json',
    'x-bourse-bid-id': id,
    'x-bourse-bid-timestamp': atMs,
    'x-bourse-bid-signature': sign('bid-answer', atMs, id, answer),
  });
  response.end(answer);
}

const server = createServer((request, response) => void answerBid(request, response));
server.keepAliveTimeout = 60_000;
server.listen(Number(process.argv[2] ?? 9100), '127.0.0.1', () =>
  process.stdout.write(`bids at http://127.0.0.1:${server.address().port}/bid\n`),
);
