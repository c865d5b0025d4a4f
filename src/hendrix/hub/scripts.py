"""What Redis does in one go, in its own language, as the bus between the relays of several machines.

One stream has all that is said; the ids of its entries are those of the messages. Beside it there is a hash with the
epoch, the number that was given last, the bytes of the stream and the id up to which it has been cut; a sorted set of
the machines, with the time until which each is believed to be there; and a hash of each machine's members. The first
hash has a token for each machine too: of whoever speaks for it, so that nobody who was given up does so still.

Keys are meta, stream, machines. Arguments begin with machine and token.
"""

from __future__ import annotations

#: Bytes that an entry takes besides what it holds, about.
OVERHEAD = 200

_NOW = """
if redis.replicate_commands then redis.replicate_commands() end
local meta, stream, machines = KEYS[1], KEYS[2], KEYS[3]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local function text(number) return string.format('%.0f', number) end
"""

_OURS = f"""{_NOW}
if redis.call('HGET', meta, 'token:' .. ARGV[1]) ~= ARGV[2] then
  return redis.error_reply('FENCED another connection speaks for this machine, or Redis was emptied')
end
"""

#: ..., the epoch and the number that the machine knows, milliseconds of the lease, and for which all is kept.
#: Returns epoch, number, the id up to which the stream was cut, and the time.
HELLO = f"""{_NOW}
local known = redis.call('HMGET', meta, 'epoch', 'number')
local epoch, number, theirs = tonumber(known[1]), tonumber(known[2]), tonumber(ARGV[3])
if not epoch or not number or epoch < theirs or (epoch == theirs and number < tonumber(ARGV[4])) then
  epoch, number = math.max(tonumber(time[1]), theirs + 1, (epoch or 0) + 1), 0
  redis.call('DEL', stream)
  redis.call('HSET', meta, 'epoch', text(epoch), 'number', 0, 'bytes', 0, 'floor', text(epoch) .. '-0')
end
redis.call('HSET', meta, 'token:' .. ARGV[1], ARGV[2])
redis.call('ZADD', machines, text(now + tonumber(ARGV[5])), ARGV[1])
for _, key in ipairs({{meta, stream, machines}}) do redis.call('PEXPIRE', key, ARGV[6]) end
return {{text(epoch), text(number), redis.call('HGET', meta, 'floor'), text(now)}}
"""

#: ..., the most bytes and the most entries of the stream, then kind and content of each entry.
SAY = f"""{_OURS}
local known = redis.call('HMGET', meta, 'epoch', 'number', 'bytes')
local epoch, number, bytes = known[1], tonumber(known[2]), tonumber(known[3])
if redis.call('EXISTS', stream) == 0 then bytes = 0 end
for at = 5, #ARGV, 2 do
  number = number + 1
  redis.call('XADD', stream, epoch .. '-' .. text(number), ARGV[at], ARGV[at + 1], 't', text(now))
  bytes = bytes + #ARGV[at + 1] + {OVERHEAD}
end
local count, cut = redis.call('XLEN', stream), false
while count > 1 and (bytes > tonumber(ARGV[3]) or count > tonumber(ARGV[4])) do
  local oldest = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
  redis.call('XDEL', stream, oldest[1])
  bytes, count, cut = bytes - #oldest[2][2] - {OVERHEAD}, count - 1, oldest[1]
end
redis.call('HSET', meta, 'number', text(number), 'bytes', text(bytes))
if cut then redis.call('HSET', meta, 'floor', cut) end
return number
"""

#: A fourth key: what the keys of members begin with. ..., milliseconds of the lease, and for which all is kept.
#: Returns the machines that are there.
BEAT = f"""{_OURS}
redis.call('ZADD', machines, text(now + tonumber(ARGV[3])), ARGV[1])
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', machines, '-inf', text(now))) do
  redis.call('ZREM', machines, gone)
  redis.call('HDEL', meta, 'token:' .. gone)
  redis.call('DEL', KEYS[4] .. gone)
end
for _, key in ipairs({{meta, stream, machines, KEYS[4] .. ARGV[1]}}) do redis.call('PEXPIRE', key, ARGV[4]) end
return redis.call('ZRANGE', machines, 0, -1)
"""
