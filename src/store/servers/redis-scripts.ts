/**
 * The keys, all with the prefix `KEYS[1]` (one slot of a cluster): `e:ID` an entry, gone with its time;
 * `order` ids by sequence; `ends` ids by when they end, server's time in milliseconds; `tenant:T`, `tag:T`, `route:R`, `model:M`
 * the ids of each, by when they end; `compared` the last comparisons, each behind its sequence; `news` the log
 * that other hosts follow; `epoch` tells a server that lost its data from one that kept them.
 */
const COMMON = `
local p = KEYS[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function drop(id)
  redis.call('DEL', p .. 'e:' .. id)
  redis.call('ZREM', p .. 'order', id)
  redis.call('ZREM', p .. 'ends', id)
end`;

/** ARGV: host, news kept, comparisons kept, operations as JSON. */
export const APPEND = `${COMMON}
local host, newsMax, comparedMax = ARGV[1], ARGV[2], ARGV[3]
redis.call('SET', p .. 'epoch', host .. now, 'NX')
for _, id in ipairs(redis.call('ZRANGEBYSCORE', p .. 'ends', '-inf', now, 'LIMIT', 0, 100)) do drop(id) end
for _, op in ipairs(cjson.decode(ARGV[4])) do
  if op.kind == 'stored' then
    local seq = redis.call('INCR', p .. 'seq')
    redis.call('SET', p .. 'e:' .. op.id, op.record, 'PX', op.ttlMs)
    redis.call('ZADD', p .. 'order', seq, op.id)
    redis.call('ZADD', p .. 'ends', now + op.ttlMs, op.id)
    for _, name in ipairs(op.sets) do
      local set = p .. name
      redis.call('ZREMRANGEBYSCORE', set, '-inf', now)
      redis.call('ZADD', set, now + op.ttlMs, op.id)
      if redis.call('PTTL', set) < op.ttlMs then redis.call('PEXPIRE', set, op.ttlMs) end
    end
  elseif op.kind == 'compared' then
    local seq = redis.call('INCR', p .. 'seq')
    redis.call('RPUSH', p .. 'compared', seq .. ' ' .. op.record)
    redis.call('LTRIM', p .. 'compared', -comparedMax, -1)
  elseif op.kind == 'forgotten' then
    local first = op.sets[1]
    local ids = first and redis.call('ZRANGE', p .. first, 0, -1) or redis.call('ZRANGE', p .. 'order', 0, -1)
    for _, id in ipairs(ids) do
      local fits = true
      for i = 2, #op.sets do fits = fits and redis.call('ZSCORE', p .. op.sets[i], id) end
      if fits then drop(id) end
    end
  else
    for _, id in ipairs(op.ids) do drop(id) end
  end
  local field = op.kind == 'stored' and 'id' or 'record'
  redis.call('XADD', p .. 'news', 'MAXLEN', '~', newsMax, '*', 'host', host, field, op[field])
end
redis.call('PUBLISH', p .. 'bell', host)
return 1`;

/** ARGV: sequence after which, how many. Gives the sequence and the record of each; the record is empty where it is gone. */
export const LOAD_PAGE = `${COMMON}
local found = redis.call('ZRANGEBYSCORE', p .. 'order', '(' .. ARGV[1], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[2])
local out = {}
for i = 1, #found, 2 do
  local record = redis.call('GET', p .. 'e:' .. found[i])
  if not record then drop(found[i]) end
  out[i] = found[i + 1]
  out[i + 1] = record or ''
end
return out`;

/** ARGV: from, to. Gives comparisons, each behind its sequence. */
export const COMPARED_PAGE = `return redis.call('LRANGE', KEYS[1] .. 'compared', ARGV[1], ARGV[2])`;

/** ARGV: host. Gives the epoch, which begins where there is none, and the last position of the log. */
export const POSITION = `${COMMON}
redis.call('SET', p .. 'epoch', ARGV[1] .. now, 'NX')
local last = redis.call('XREVRANGE', p .. 'news', '+', '-', 'COUNT', 1)
return { redis.call('GET', p .. 'epoch'), last[1] and last[1][1] or '0-0' }`;

/** ARGV: position after which, host that is left out, how many. Gives the epoch, the last position looked at, how many were, and records. */
export const NEWS_PAGE = `
local p = KEYS[1]
local found = redis.call('XRANGE', p .. 'news', '(' .. ARGV[1], '+', 'COUNT', ARGV[3])
local out = { redis.call('GET', p .. 'epoch') or '', ARGV[1], tostring(#found) }
for _, item in ipairs(found) do
  out[2] = item[1]
  local fields = item[2]
  if fields[2] ~= ARGV[2] then
    local record = fields[4]
    if fields[3] == 'id' then record = redis.call('GET', p .. 'e:' .. fields[4]) end
    if record then out[#out + 1] = record end
  end
end
return out`;

/** ARGV: token, channel, what is said there. Ends a lease that is still its holder's, and says so. */
export const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
return redis.call('PUBLISH', ARGV[2], ARGV[3])`;
