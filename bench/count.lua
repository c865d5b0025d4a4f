-- wrk: sends one prepared request over and over and counts what it sends in bins of ten milliseconds.
-- A connection sends as soon as its last answer is complete, so in a steady state sent = answered.
-- Arguments: the size of the body; 0 means GET.
local ffi = require("ffi")
ffi.cdef [[
  struct timespec { long sec; long nsec; };
  int clock_gettime(int clock, struct timespec *now);
]]
local now = ffi.new("struct timespec")
local prepared
bins = {}

local function bin()
  ffi.C.clock_gettime(1, now)  -- CLOCK_MONOTONIC
  return tonumber(now.sec) * 100 + math.floor(tonumber(now.nsec) / 10000000)
end

function init(args)
  local size = tonumber(args[1])
  if size > 0 then
    wrk.method = "POST"
    wrk.body = string.rep("x", size)
    wrk.headers["Content-Type"] = "application/octet-stream"
  end
  prepared = wrk.format()
  first = bin()
end

function request()
  local at = bin() - first + 1
  bins[at] = (bins[at] or 0) + 1
  return prepared
end

local threads = {}
function setup(thread) table.insert(threads, thread) end

function done()
  local thread = threads[1]
  local counted, last = thread:get("bins"), 0
  for at in pairs(counted) do last = math.max(last, at) end
  local line = { "sent", tostring(thread:get("first")) }
  for at = 1, last do table.insert(line, tostring(counted[at] or 0)) end
  print(table.concat(line, " "))
end
