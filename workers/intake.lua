-- The intake stream: read with bounds, and settled entry by entry. Each command whole; what is sent
-- twice has the effect of once.
--
-- KEYS[1]  the namespace, as in queue.lua, so that intake and queue lie on one node of a cluster
-- ARGV[1]  command
--
--   intake           stream  what other programs ask for; one consumer group, `bridge`
--   intake:rejected  stream  what was refused, and why: entry, job (its beginning), problems
--   counters         hash    intake_accepted, intake_joined, intake_rejected
--
-- All bridges are one consumer: an entry that one of them took and did not settle in time is given
-- to the next that asks, and no list of dead consumers has to be kept.

local space, command = KEYS[1], ARGV[1]
local stream, rejected, counters = space .. ":intake", space .. ":intake:rejected", space .. ":counters"
local group, consumer = "bridge", "bridge"
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- take: how many, after how many ms an entry that was taken is given again, where to look on for
-- those, the largest entry in bytes, how old a rejection may become in ms.  Answers where to look
-- on next time, and of each entry {id, bytes, field, value, …}; of one that is too large no fields.
if command == "take" then
    local count, idle, cursor, largest = tonumber(ARGV[2]), ARGV[3], ARGV[4], tonumber(ARGV[5])
    local oldest = math.max(0, now - tonumber(ARGV[6]))
    redis.call("XTRIM", rejected, "MINID", string.format("%.0f", oldest))
    local entries = {}
    local function give(id, fields)
        local bytes = 0
        for _, each in ipairs(fields) do
            bytes = bytes + #each
        end
        local entry = {id, bytes}
        if bytes <= largest then
            for _, each in ipairs(fields) do
                entry[#entry + 1] = each
            end
        end
        entries[#entries + 1] = entry
    end
    local late = redis.pcall(
        "XAUTOCLAIM", stream, group, consumer, idle, cursor, "COUNT", count, "JUSTID"
    )
    if late.err then
        if not string.find(late.err, "NOGROUP", 1, true) then
            return redis.error_reply(late.err)
        end
        redis.call("XGROUP", "CREATE", stream, group, "0", "MKSTREAM")
        late = {"0-0", {}}
    end
    for _, id in ipairs(late[2]) do
        local found = redis.call("XRANGE", stream, id, id)[1]
        if found then
            give(id, found[2])
        end
    end
    -- One by one, so that many large ones never stand in memory together.
    while #entries < count do
        local answer = redis.call(
            "XREADGROUP", "GROUP", group, consumer, "COUNT", 1, "STREAMS", stream, ">"
        )
        if not answer then
            break
        end
        local entry = answer[1][2][1]
        give(entry[1], entry[2])
    end
    return {late[1], entries}

-- settle: how many rejections are kept, then (id, outcome, beginning of the job, problems)…; the
-- last two are empty unless the outcome is `rejected`.  What another settled is left alone.
elseif command == "settle" then
    local settled = 0
    for i = 3, #ARGV, 4 do
        local id, outcome = ARGV[i], ARGV[i + 1]
        if redis.call("XACK", stream, group, id) == 1 then
            redis.call("XDEL", stream, id)
            redis.call("HINCRBY", counters, "intake_" .. outcome, 1)
            if outcome == "rejected" then
                redis.call(
                    "XADD", rejected, "MAXLEN", ARGV[2], "*",
                    "entry", id, "job", ARGV[i + 2], "problems", ARGV[i + 3]
                )
            end
            settled = settled + 1
        end
    end
    return settled

-- state: Answers {entries that wait, ms since the oldest came, accepted, joined, rejected,
-- rejections that are kept}.
elseif command == "state" then
    local first = redis.call("XRANGE", stream, "-", "+", "COUNT", 1)[1]
    local age = first and math.max(0, now - tonumber(string.match(first[1], "^%d+"))) or 0
    local counts = redis.call(
        "HMGET", counters, "intake_accepted", "intake_joined", "intake_rejected"
    )
    return {
        redis.call("XLEN", stream), age,
        tonumber(counts[1] or "0"), tonumber(counts[2] or "0"), tonumber(counts[3] or "0"),
        redis.call("XLEN", rejected),
    }
end

return redis.error_reply("unknown command " .. command)
