-- wrk: sends prepared requests, one after the other and over again, and counts what it sends in bins of ten milliseconds.
-- A connection sends as soon as its last answer is complete, so in a steady state sent = answered.
-- Arguments: the size of the body, where 0 means GET; how many files and visitors there are, each with its number in
-- place of {file} in the path and of {visitor} in the cookie, every visitor asking for every file; the path.
local ffi = require("ffi")
ffi.cdef [[
  struct timespec { long sec; long nsec; };
  int clock_gettime(int clock, struct timespec *now);
]]
local now = ffi.new("struct timespec")
local prepared, turn = {}, 0
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
  local cookie = wrk.headers["Cookie"]
  for visitor = 0, tonumber(args[3]) - 1 do
    if cookie then wrk.headers["Cookie"] = cookie:gsub("{visitor}", tostring(visitor)) end
    for file = 0, tonumber(args[2]) - 1 do
      local path = args[4]:gsub("{file}", tostring(file))
      table.insert(prepared, wrk.format(nil, path))
    end
  end
  first = bin()
end

function request()
  local at = bin() - first + 1
  bins[at] = (bins[at] or 0) + 1
  turn = turn % #prepared + 1
  return prepared[turn]
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
