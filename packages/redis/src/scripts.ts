/*
 * What must be exact happens inside the server: a script runs while nobody else does. Templates and
 * sandboxes are numbers of databases; `SELECT` in a script ends with the script.
 *
 * A template's keys have no times to live, or they would expire while it waits. Those that the
 * baseline gave are in a hash beside them, the manifest, with every other key that has to be put
 * back at each reset: streams and modules' types change without the server marking them as touched.
 */

const manifest = `
local manifest = 'seamkit:manifest'
local function settled(key, times)
  if times[1] > 0 then redis.call('PEXPIRE', key, times[1]) end
  for _, field in ipairs(times[2]) do
    redis.call('HPEXPIRE', key, field[2], 'FIELDS', 1, field[1])
  end
end
`;

/** Hash fields with times of their own (Redis 7.4, Valkey 9): pairs of name and ms. */
const fieldTimes = `
local function fieldtimes(key)
  local found = {}
  for index, name in ipairs(redis.call('HKEYS', key)) do
    local reply = redis.pcall('HPTTL', key, 'FIELDS', 1, name)
    if reply.err then return found end
    if reply[1] >= 0 then found[#found + 1] = { name, math.max(reply[1], 1) } end
  end
  return found
end
`;

/** ARGV: template. Makes a template of what `prepare` left. Returns how many keys that is. */
export const seal = `${manifest}${fieldTimes}
redis.call('SELECT', ARGV[1])
local marked = { string = true, list = true, set = true, zset = true, hash = true }
local keys = redis.call('KEYS', '*')
for _, key in ipairs(keys) do
  local kind = redis.call('TYPE', key).ok
  local ttl = redis.call('PTTL', key)
  local fields = kind == 'hash' and fieldtimes(key) or {}
  if ttl >= 0 or #fields > 0 or not marked[kind] then
    redis.call('PERSIST', key)
    for _, field in ipairs(fields) do redis.call('HPERSIST', key, 'FIELDS', 1, field[1]) end
    redis.call('HSET', manifest, key, cmsgpack.pack({ ttl < 0 and 0 or math.max(ttl, 1), fields }))
  end
end
return #keys
`;

/** ARGV: template. Returns the keys that the server marks when they are touched. */
export const watchable = `${manifest}
redis.call('SELECT', ARGV[1])
local listed = {}
for _, key in ipairs(redis.call('HKEYS', manifest)) do listed[key] = true end
local found = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  if key ~= manifest and not listed[key] then found[#found + 1] = key end
end
return found
`;

/** ARGV: template, sandbox. Puts back what is in the manifest. Returns the number of keys. */
export const refresh = `${manifest}
redis.call('SELECT', ARGV[1])
local listed = redis.call('HGETALL', manifest)
for index = 1, #listed, 2 do
  redis.call('SELECT', ARGV[1])
  redis.call('COPY', listed[index], listed[index], 'DB', ARGV[2], 'REPLACE')
  redis.call('SELECT', ARGV[2])
  settled(listed[index], cmsgpack.unpack(listed[index + 1]))
end
redis.call('SELECT', ARGV[2])
return redis.call('DBSIZE')
`;

/**
 * ARGV: template, sandbox. Puts back everything. Returns the server's count of changes, by which
 * one can tell whether anybody wrote since.
 */
export const restore = `${manifest}
redis.call('SELECT', ARGV[2])
redis.call('FLUSHDB', 'SYNC')
redis.call('SELECT', ARGV[1])
for _, key in ipairs(redis.call('KEYS', '*')) do
  if key ~= manifest then redis.call('COPY', key, key, 'DB', ARGV[2]) end
end
local listed = redis.call('HGETALL', manifest)
redis.call('SELECT', ARGV[2])
for index = 1, #listed, 2 do settled(listed[index], cmsgpack.unpack(listed[index + 1])) end
return redis.call('INFO', 'persistence')
`;

/**
 * ARGV: ms. Brings all times of the current database that much nearer. A key that is due has 1 ms
 * left, so that the server itself expires it, with the event that belongs to it. Returns those keys.
 */
export const advance = `${fieldTimes}
local ms = tonumber(ARGV[1])
local due = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  local ttl = redis.call('PTTL', key)
  if redis.call('TYPE', key).ok == 'hash' then
    for _, field in ipairs(fieldtimes(key)) do
      redis.call('HPEXPIRE', key, math.max(field[2] - ms, 0), 'FIELDS', 1, field[1])
    end
  end
  if ttl >= 0 then
    redis.call('PEXPIRE', key, math.max(ttl - ms, 1))
    if ttl <= ms then due[#due + 1] = key end
  end
end
return due
`;

/** Payloads of the current database: lists of key, ms to live (0: for ever), payload, field times. */
export const snapshot = `${fieldTimes}
local found = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  local ttl = redis.call('PTTL', key)
  local fields = redis.call('TYPE', key).ok == 'hash' and fieldtimes(key) or {}
  for _, field in ipairs(fields) do redis.call('HPERSIST', key, 'FIELDS', 1, field[1]) end
  local payload = redis.call('DUMP', key)
  local times = {}
  for _, field in ipairs(fields) do
    redis.call('HPEXPIRE', key, field[2], 'FIELDS', 1, field[1])
    times[#times + 1] = field[1]
    times[#times + 1] = tostring(field[2])
  end
  found[#found + 1] = { key, tostring(ttl < 0 and 0 or math.max(ttl, 1)), payload, times }
end
return found
`;
