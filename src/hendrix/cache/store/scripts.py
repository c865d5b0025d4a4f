"""What Redis does in one go, in its own language. Keys are those of ``Names`` in ``redis``; times are milliseconds.

Redis has a journal of its own. A sorted set has each purged label with the generation of its last purge, another the
soft ones, a third the prefixes; what does not fit raises a floor, as in ``cache.journal``. An answer keeps the
generation that was known before it was asked for. Redis may throw away any key when it is full, and whoever runs it
may empty it: each set has a member that says it is whole. Where one is missing the journal begins anew under another
name, and answers of the old name count for nothing.
"""

from __future__ import annotations

#: Labels and prefixes that are known one by one.
_LABELS, _PREFIXES = 65536, 64

_JOURNAL = """
local journal, hard, soft, prefixes = KEYS[1], KEYS[2], KEYS[3], KEYS[4]

local function name()
  local known = redis.call('HGET', journal, 'name')
  if known and redis.call('EXISTS', hard, soft, prefixes) == 3 then return known end
  redis.call('DEL', journal, hard, soft, prefixes)
  redis.call('HSET', journal, 'name', ARGV[1], 'generation', 0, 'hard', 0, 'soft', 0)
  for _, set in ipairs({hard, soft, prefixes}) do redis.call('ZADD', set, '+inf', '') end
  return ARGV[1]
end

local function later(set, member, ticket)
  local found = redis.call('ZSCORE', set, member)
  return found and tonumber(found) > ticket
end

-- 0: it stands, 1: it is stale, 2: it is gone
local function verdict(labels, place, ticket)
  local floors = redis.call('HMGET', journal, 'hard', 'soft')
  if tonumber(floors[1]) > ticket then return 2 end
  local found = tonumber(floors[2]) > ticket and 1 or 0
  for label in string.gmatch(labels, '[^\\n]+') do
    if later(hard, label, ticket) then return 2 end
    if later(soft, label, ticket) then found = 1 end
  end
  local path = string.sub(place, string.find(place, '/', 1, true) or 1)
  for _, known in ipairs(redis.call('ZRANGEBYSCORE', prefixes, '(' .. ticket, '(+inf')) do
    local start = string.sub(known, 2)
    local subject = string.sub(start, 1, 1) == '/' and path or place
    if string.sub(subject, 1, #start) == start then
      if string.sub(known, 1, 1) == '0' then return 2 end
      found = 1
    end
  end
  return found
end
"""

#: Keys: ..., the answer, the claim. Arguments: a new name, claimant, milliseconds of the claim.
#: Returns what is stored, its version, its age, 0 or 1: stale by a purge?, claimed?, generation, name.
LOOK = f"""{_JOURNAL}
local known, answer = name(), KEYS[5]
local generation = tonumber(redis.call('HGET', journal, 'generation'))
local found = redis.call('HMGET', answer,
  'data', 'version', 'name', 'labels', 'place', 'generation', 'ttl', 'age', 'lifetime')
local state, age, left = 2, 0, redis.call('PTTL', answer)
if found[1] and found[3] == known and left > 0 then
  state = verdict(found[4], found[5], tonumber(found[6]))
  age = tonumber(found[8]) + math.max(0, tonumber(found[7]) - left)
end
if state == 2 and found[1] then redis.call('DEL', answer) end
local wanted = state > 0 or age >= tonumber(found[9])
local claimed = wanted and redis.call('SET', KEYS[6], ARGV[2], 'NX', 'PX', ARGV[3])
if not claimed and wanted then claimed = redis.call('GET', KEYS[6]) == ARGV[2] end
return {{state == 2 and '' or found[1], found[2] or '', age, state, claimed and 1 or 0, generation, known}}
"""

#: Keys: ..., the answer, the claim. Arguments: a new name, claimant, channel, key, the name and the generation that
#: were known, version to replace (empty: whichever), then the fields. Returns whether it was stored.
PUT = f"""{_JOURNAL}
local answer = KEYS[5]
if redis.call('GET', KEYS[6]) == ARGV[2] then redis.call('DEL', KEYS[6]) end
local known, ticket = name(), tonumber(ARGV[6])
if known ~= ARGV[5] then return 0 end
if ARGV[7] ~= '' and redis.call('HGET', answer, 'version') ~= ARGV[7] then return 0 end
redis.call('PUBLISH', ARGV[3], 'w\\n' .. ARGV[2] .. '\\n' .. ARGV[4])
redis.call('DEL', answer)
if verdict(ARGV[10], ARGV[11], ticket) == 2 then return 0 end
redis.call('HSET', answer, 'name', known, 'generation', ticket, 'data', ARGV[8], 'version', ARGV[9],
  'labels', ARGV[10], 'place', ARGV[11], 'ttl', ARGV[12], 'age', ARGV[13], 'lifetime', ARGV[14])
redis.call('PEXPIRE', answer, ARGV[12])
return 1
"""

#: Keys: the answer, the claim. Arguments: claimant, channel, key, and whether the answer goes as well.
RELEASE = """
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
if ARGV[4] == '1' and redis.call('DEL', KEYS[1]) == 1 then
  redis.call('PUBLISH', ARGV[2], 'w\\n' .. ARGV[1] .. '\\n' .. ARGV[3])
end
return 1
"""

#: Keys: ..., how much the machine has told. Arguments: a new name, machine, channel, milliseconds for which the last
#: key is kept, number of the first purge, then kind, soft (0 or 1) and subject of each; a kind may be empty.
#: Returns the number up to which all is told; where that is before the first, nothing was done.
TELL = f"""{_JOURNAL}
name()
local function floor(which, generation)
  if tonumber(redis.call('HGET', journal, which)) < generation then redis.call('HSET', journal, which, generation) end
end
local function enter(set, member, generation, most, which)
  redis.call('ZADD', set, generation, member)
  while redis.call('ZCARD', set) > most + 1 do
    local oldest = redis.call('ZPOPMIN', set)
    floor(which or (string.sub(oldest[1], 1, 1) == '0' and 'hard' or 'soft'), tonumber(oldest[2]))
  end
end
local first = tonumber(ARGV[5])
local told = tonumber(redis.call('GET', KEYS[5]) or '0')
if told < first - 1 and ARGV[6] ~= 'everything' then return told end
for at = 6, #ARGV, 3 do
  local number, kind, is_soft, subject = first + (at - 6) / 3, ARGV[at], ARGV[at + 1] == '1', ARGV[at + 2]
  if number > told then
    told = number
    if kind ~= '' then
      local generation, which = redis.call('HINCRBY', journal, 'generation', 1), is_soft and 'soft' or 'hard'
      if kind == 'all' or kind == 'everything' then floor(which, generation)
      elseif kind == 'prefix' then enter(prefixes, ARGV[at + 1] .. subject, generation, {_PREFIXES})
      else enter(is_soft and soft or hard, subject, generation, {_LABELS}, which) end
      redis.call('PUBLISH', ARGV[3], table.concat({{'p', ARGV[2], generation, kind, ARGV[at + 1], subject}}, '\\n'))
    end
  end
end
redis.call('SET', KEYS[5], told, 'PX', ARGV[4])
return told
"""
