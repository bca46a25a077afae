import { fieldTimes, manifest } from './scripts';

/*
 * The way back to the baseline, inside the server. The baseline is the template, and over it what
 * the file's own hooks wrote, key by key: two hashes in a database where no test is at home.
 * `facts` has each key with its time to live, its fields' times and a digest of its value; `values`
 * has the payloads of those that are there, and lacks those that the hooks deleted.
 */

/** The two hashes of a sandbox. */
export const ownBaseline = (name: string) => [`seamkit:facts:${name}`, `seamkit:values:${name}`];

/**
 * ARGV: template or '', sandbox, database of the own baseline, its two hashes, then what the last
 * call returned: whether there is an own baseline, the count of changes, and the server's ms.
 */
const baseline = `${manifest}
local template, sandbox, home, facts, values = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local moved, before, since = ARGV[6] == '1', ARGV[7], tonumber(ARGV[8])
-- Who may do little may call INFO, and not TIME.
local now = math.floor((string.match(redis.call('INFO', 'server'), 'server_time_usec:(%d+)') or 0) / 1000)
local function changes()
  local info = redis.call('INFO', 'persistence')
  local function told(name) return string.match(info, name .. ':(%d+)') or '' end
  return told('rdb_changes_since_last_save') .. ' ' .. told('rdb_last_save_time') .. ' ' .. told('rdb_saves')
end
local function each(key)
  local list, found = redis.call('HGETALL', key), {}
  for index = 1, #list, 2 do found[list[index]] = cmsgpack.unpack(list[index + 1]) end
  return found
end
local sealed, own = {}, {}
local function look()
  if template ~= '' then
    redis.call('SELECT', template)
    sealed = each(manifest)
  end
  if not moved then return end
  redis.call('SELECT', home)
  own = each(facts)
end
local function settle()
  redis.call('SELECT', sandbox)
  for key, times in pairs(sealed) do
    if not own[key] and not settled(key, times) then return false end
  end
  for key, times in pairs(own) do
    if not settled(key, times) then return false end
  end
  return true
end
local function fill()
  redis.call('SELECT', sandbox)
  redis.call('FLUSHDB', 'SYNC')
  if template ~= '' then
    redis.call('SELECT', template)
    for _, key in ipairs(redis.call('KEYS', '*')) do
      if key ~= manifest and not own[key] then redis.call('COPY', key, key, 'DB', sandbox) end
    end
  end
  if moved then
    redis.call('SELECT', home)
    local list = redis.call('HGETALL', values)
    redis.call('SELECT', sandbox)
    for index = 1, #list, 2 do redis.call('RESTORE', list[index], 0, list[index + 1]) end
  end
  settle()
end
local function answer(differed)
  redis.call('SELECT', home)
  return { differed, redis.call('EXISTS', facts), changes(), tostring(now) }
end
look()
`;

/**
 * Puts everything back; only the times to live where nobody has written anything on the server
 * since. Returns 0, and what the next call takes. The changes are their count, and how often it
 * began anew because the server saved.
 */
export const restore = `${baseline}
if moved and not next(own) then return redis.error_reply('what the hooks of the file wrote is gone') end
if changes() ~= before or not settle() then fill() end
return answer(0)
`;

/**
 * Makes what is there the baseline: keeps what differs from it. A time to live that has merely
 * passed is no difference. Returns whether anything was one, and what the next call takes.
 */
export const capture = `${fieldTimes}${baseline}
if changes() == before then
  if not settle() then fill() end
  return answer(0)
end
-- The server looks at its clock once for all that it does in a turn.
local elapsed, slack = now - since, 10
local function near(was, is)
  if was == 0 or is == 0 then return was == is end
  return math.abs(was - elapsed - is) <= slack
end
-- A copy of a set or a hash may have another order, and so another payload.
local function content(key, kind)
  local words = {}
  if kind == 'set' then
    words = redis.call('SMEMBERS', key)
  elseif kind == 'hash' then
    local list = redis.call('HGETALL', key)
    for index = 1, #list, 2 do words[#words + 1] = #list[index] .. ':' .. list[index] .. list[index + 1] end
  else
    return redis.call('DUMP', key)
  end
  table.sort(words)
  return cmsgpack.pack(words)
end
local function factsof(key)
  local kind, ttl = redis.call('TYPE', key).ok, redis.call('PTTL', key)
  local fields = kind == 'hash' and fieldtimes(key) or {}
  return { ttl < 0 and 0 or math.max(ttl, 1), fields, redis.sha1hex(content(key, kind)) }
end
local function same(was, is)
  if was[3] ~= is[3] or not near(was[1], is[1]) or #was[2] ~= #is[2] then return false end
  local times = {}
  for _, field in ipairs(is[2]) do times[field[1]] = field[2] end
  for _, field in ipairs(was[2]) do
    if not times[field[1]] or not near(field[2], times[field[1]]) then return false end
  end
  return true
end
-- The payload of a key without any time to live.
local function payload(key, fields)
  if #fields == 0 then return redis.call('DUMP', key) end
  local copy = facts .. ':copy'
  redis.call('COPY', key, copy, 'DB', home)
  redis.call('SELECT', home)
  for _, field in ipairs(fields) do redis.call('HPERSIST', copy, 'FIELDS', 1, field[1]) end
  local dump = redis.call('DUMP', copy)
  redis.call('DEL', copy)
  redis.call('SELECT', sandbox)
  return dump
end

local expected, prepared = {}, {}
if template ~= '' then
  redis.call('SELECT', template)
  for _, key in ipairs(redis.call('KEYS', '*')) do
    if key ~= manifest then
      prepared[key] = true
      local times = sealed[key] or { 0, {} }
      if not own[key] then expected[key] = { times[1], times[2], factsof(key)[3] } end
    end
  end
end
for key, was in pairs(own) do
  if was[3] then expected[key] = was end
end

local written = {}
redis.call('SELECT', sandbox)
for _, key in ipairs(redis.call('KEYS', '*')) do
  local is = factsof(key)
  if not expected[key] or not same(expected[key], is) then
    written[#written + 1] = { key, is, payload(key, is[2]) }
  end
  expected[key] = nil
end
redis.call('SELECT', home)
local differed = #written > 0 and 1 or 0
for _, entry in ipairs(written) do
  redis.call('HSET', facts, entry[1], cmsgpack.pack(entry[2]))
  redis.call('HSET', values, entry[1], entry[3])
end
for key, was in pairs(expected) do
  if was[1] == 0 or was[1] - elapsed > slack then
    differed = 1
    redis.call('HDEL', values, key)
    if prepared[key] then redis.call('HSET', facts, key, cmsgpack.pack({ 0, {} }))
    else redis.call('HDEL', facts, key) end
  end
end
moved = redis.call('EXISTS', facts) == 1
own = {}
look()
if not settle() then fill() end
return answer(differed)
`;
