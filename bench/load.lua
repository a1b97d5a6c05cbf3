-- The requests of one wrk run. From the environment: OPERATION (hot, uniform, identify, track, list, declared, search, tickets or
-- ticket-search), USERS (ids 0 to
-- USERS - 1 are known), SEED, RUN (a number that no other run has), WITNESSES (user ids, one a line) and PORTS (one for each
-- thread, which asks that one alone). A write run writes to each witness first and never again, and prints what it wrote, so that the
-- caller can compare.

local LOOKUP = "/v3/sessions/by-user-id/"
local NEW_PERCENT = 5
local ZIPF_EXPONENT = 1.1
-- A prime above any number of users: spreads the hot ranks over the ids instead of keeping them side by side.
local STRIDE = 15485863

local operation, users, run = os.getenv("OPERATION"), tonumber(os.getenv("USERS")), tonumber(os.getenv("RUN"))
local witnesses, is_witness = {}, {}
for id in (os.getenv("WITNESSES") or ""):gmatch("[^\n]+") do
  witnesses[#witnesses + 1], is_witness[id] = id, true
end
local THREADS_MAX = 8
local calls, serial = 0, 0
number_of_thread = 0 -- global, because it is set from outside of the thread
sent = "" -- global, because the caller's side reads it from the thread

local function user_id(index) return ("user-%07d"):format(index) end

local function zipf_sampler()
  local sums, total = {}, 0
  for rank = 1, users do
    total = total + rank ^ -ZIPF_EXPONENT
    sums[rank] = total
  end
  return function()
    local target, low, high = math.random() * total, 1, users
    while low < high do
      local middle = math.floor((low + high) / 2)
      if sums[middle] < target then low = middle + 1 else high = middle end
    end
    return low * STRIDE % users
  end
end

local function uniform() return math.random(0, users - 1) end

local function written_user()
  if witnesses[calls] then return witnesses[calls] end
  if operation == "identify" and math.random(100) <= NEW_PERCENT then
    return ("new-%03d-%d-%07d"):format(run, number_of_thread, serial)
  end
  local id
  repeat id = user_id(uniform()) until not is_witness[id]
  return id
end

local PLANS = { "business", "enterprise", "starter", "team" }
local function identify_body(id)
  local number = (run * THREADS_MAX + number_of_thread) * 1000000 + serial
  local company = math.random(1000, 9999)
  return ('{"userId":"%s","name":"User %d","email":"user.%d@example.com","phone":"+8613%09d",'
    .. '"avatar":"https://example.com/%d.png","value":%d,"plan":"%s","companyId":"c-%d",'
    .. '"companyName":"Company %d","lang":"en","seats":%d}'):format(
    id, number, number, number, number, math.random(100000), PLANS[math.random(4)], company, company,
    math.random(500))
end

local EVENTS = { "search", "search", "search", "search", "export", "export", "export", "login", "login", "upgrade" }
local function track_body(id)
  local date = os.date("!%Y-%m-%dT%H:%M:%S") .. (".%03dZ"):format(serial % 1000)
  local events = {}
  for place, name in ipairs(EVENTS) do
    events[place] = ('{"userId":"%s","name":"%s","date":"%s","data":{"page":"/pricing","number":%d}}'):format(
      id, name, date, math.random(1000000000))
  end
  return '{"events":[' .. table.concat(events, ",") .. "]}"
end

local function lookup_request(sample)
  local whole = wrk.format("GET", LOOKUP .. "\1")
  local before, after = whole:match("^(.-)\1(.*)$")
  return function() return before .. user_id(sample()) .. after end
end

local function write_request(path, body_of)
  return function()
    local body = body_of(written_user())
    if witnesses[calls] then sent = sent .. body .. "\n" end
    calls, serial = calls + 1, serial + 1
    return wrk.format("POST", path, nil, body)
  end
end

-- What the data set has: see rust/src/documents.rs and rust/src/tickets.rs.
local COLOURS = { "Amber", "Coral", "Crimson", "Indigo", "Ivory", "Olive", "Teal", "Violet" }
local BIRDS = { "Bittern", "Curlew", "Dunlin", "Heron", "Kestrel", "Lapwing", "Osprey", "Plover" }
local THINGS = {
  "button", "chart", "checkout", "export", "filter", "invoice", "login", "menu", "report", "search", "table", "upload",
}
local FAULTS = { "blinks", "crashes", "fails", "freezes", "hangs", "empty", "slow", "nothing" }
local KINDS = { "BUG", "CRASH", "FEATURE_REQUEST", "INQUIRY" }
local STATUSES = { "OPEN", "INPROGRESS", "DONE" }
local function pick(from) return from[math.random(#from)] end

-- As people type: a name, its beginning, a company, an address or the beginning of one, a user id.
local TERMS = {
  function() return pick(COLOURS) .. "%20" .. pick(BIRDS) end,
  function() return pick(BIRDS):sub(1, math.random(3, 5)):lower() end,
  function() return "company%20" .. math.random(1000, 9998) end,
  function() return ("%s.%d@example.com"):format(pick(BIRDS):lower(), uniform()) end,
  function() return ("%s.%d"):format(pick(BIRDS):lower(), math.random(1000, 99999)) end,
  function() return user_id(uniform()) end,
}
local TICKET_TERMS = {
  function() return pick(THINGS) .. "%20" .. pick(FAULTS) end,
  function() return pick(THINGS):sub(1, math.random(3, 5)) end,
  function() return tostring(math.random(1, 1000000)) end,
  function() return pick(THINGS) .. "%20number%20" .. math.random(1, 1000000) end,
}

local READS = {
  list = function()
    return ("/v3/sessions?lastActivity%%3C=2025-%02d-%02dT08:05:00.000Z&sort=-lastActivity&limit=50"):format(
      math.random(12), math.random(28))
  end,
  declared = function() return "/v3/sessions?customData.seats=" .. math.random(499) .. "&limit=50" end,
  search = function() return "/v3/sessions/search?searchTerm=" .. pick(TERMS)() end,
  tickets = function()
    return ("/v3/tickets?type=%s&status=%s&sort=-lastNotification&limit=50"):format(pick(KINDS), pick(STATUSES))
  end,
  ["ticket-search"] = function() return "/v3/tickets/search?searchTerm=" .. pick(TICKET_TERMS)() end,
}

function init()
  math.randomseed((tonumber(os.getenv("SEED")) * 1000 + run) * THREADS_MAX + number_of_thread)
  if number_of_thread > 0 then witnesses = {} end -- the first one writes to them
  if operation == "hot" then
    request = lookup_request(zipf_sampler())
  elseif operation == "uniform" then
    request = lookup_request(uniform)
  elseif operation == "identify" then
    request = write_request("/admin/identify", identify_body)
  elseif READS[operation] then
    local path = READS[operation]
    request = function() return wrk.format("GET", path()) end
  else
    request = write_request("/admin/track", track_body)
  end
  -- wrk asks for one request to look at before it starts, and does not send it: calls 1, 2, … are the sent ones.
end

local threads, ports = {}, {}
for port in os.getenv("PORTS"):gmatch("%d+") do ports[#ports + 1] = port end
function setup(thread)
  thread:set("number_of_thread", #threads)
  threads[#threads + 1] = thread
  thread.addr = wrk.lookup("127.0.0.1", ports[#threads])[1]
end

function done(summary, latency)
  local errors = summary.errors
  print(("@result %d %d %d %d %d"):format(
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
  for body in threads[1]:get("sent"):gmatch("[^\n]+") do print("@sent " .. body) end
end
