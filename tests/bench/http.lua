-- What wrk sends in the `http` part of `make bench`, and how it prints what it saw. One thread only.
--
--   wrk ... -s http.lua URL -- webhook FILE FIRST      requests.mjs's file, from the byte FIRST on
--   wrk ... -s http.lua URL -- event PATH SESSION      single events; SESSION begins all sessions' ids
--   wrk ... -s http.lua URL -- read PATH TOKEN         a dashboard; TOKEN may be -
--
-- Prints: answers, seconds, p50 and p99 in milliseconds, failures, and the byte to go on from.

local send = {}

function send.webhook(path, first)
  local file = assert(io.open(path, "rb"))
  file:seek("set", tonumber(first))
  offset = tonumber(first)
  return function()
    local size = file:read(8)
    if not size then
      io.stderr:write("the webhooks ran out: raise CALYTICS_BENCH_PACE\n")
      os.exit(3)
    end
    offset = offset + 8 + tonumber(size)
    return file:read(tonumber(size))
  end
end

local steps = { "PAGE_VIEW", "SERVICE_VIEW", "SERVICE_SELECT", "BOOKING_START" }
local services = { "consultation", "small-tattoo", "medium-tattoo", "full-day", "touch-up", "piercing" }

-- Sessions of four events each, every one from an address of its own.
function send.event(path, session)
  local n = -1
  return function()
    n = n + 1
    local visit = math.floor(n / 4)
    local body = string.format(
      '{"sessionId":"%s-%d","eventType":"%s","serviceId":"%s","properties":{"page":"services","source":"organic_search","device_type":"mobile"}}',
      session, visit, steps[n % 4 + 1], services[visit % 6 + 1])
    return table.concat({
      "POST ", path, " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n",
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n",
      string.format("X-Forwarded-For: 10.%d.%d.%d\r\n", visit / 65536 % 256, visit / 256 % 256, visit % 256),
      "Content-Length: ", #body, "\r\n\r\n", body })
  end
end

function send.read(path, token)
  local head = { ["Host"] = "127.0.0.1" }
  if token ~= "-" then head["Authorization"] = "Bearer " .. token end
  local text = wrk.format("GET", path, head)
  return function() return text end
end

local main
function setup(thread) main = thread end

function init(arguments)
  offset = 0
  request = send[arguments[1]](arguments[2], arguments[3])
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format("%d %.6f %.3f %.3f %d %d", summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout, main:get("offset")))
end
