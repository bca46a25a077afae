/*
 * What must be exact happens inside the server: a script runs while nobody else does. Templates and
 * sandboxes are numbers of databases; `SELECT` in a script ends with the script.
 *
 * A template's keys have no times to live, or they would expire while it waits: those that the
 * baseline gave are in a hash beside them, the manifest.
 */

/** `settled` gives a key its times, and tells whether it was there to take them. */
export const manifest = `
local manifest = 'seamkit:manifest'
local function settled(key, times)
  if times[1] > 0 and redis.call('PEXPIRE', key, times[1]) == 0 then return false end
  for _, field in ipairs(times[2]) do
    local reply = redis.call('HPEXPIRE', key, field[2], 'FIELDS', 1, field[1])
    if reply[1] ~= 1 then return false end
  end
  return true
end
`;

/** Hash fields with times of their own (Redis 7.4, Valkey 9): pairs of name and ms. */
export const fieldTimes = `
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
local keys = redis.call('KEYS', '*')
for _, key in ipairs(keys) do
  local ttl = redis.call('PTTL', key)
  local fields = redis.call('TYPE', key).ok == 'hash' and fieldtimes(key) or {}
  if ttl >= 0 or #fields > 0 then
    redis.call('PERSIST', key)
    for _, field in ipairs(fields) do redis.call('HPERSIST', key, 'FIELDS', 1, field[1]) end
    redis.call('HSET', manifest, key, cmsgpack.pack({ ttl < 0 and 0 or math.max(ttl, 1), fields }))
  end
end
return #keys
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
