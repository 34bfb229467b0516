-- The queue: every command of it that touches more than one key, each whole or not at all.
--
-- KEYS[1]  the namespace, `shopace:v1:{broker}`; every key below begins with it, so that all lie in
--          one slot of a cluster
-- ARGV[1]  command
-- ARGV[2]  queue
-- ARGV[3]  worker: the id of the worker process that asks; empty for a producer
-- ARGV[4…] what the command needs
--
--   QUEUE            list    ids of messages that wait, the first goes first
--   QUEUE.msgs       hash    id -> message, until it is acknowledged or dead-lettered
--   QUEUE.delayed    zset    id -> when it is due, ms
--   QUEUE.XQ         zset    id -> when it was dead-lettered, ms
--   QUEUE.XQ.msgs    hash    id -> message, bytes as they came
--   QUEUE.XQ.why     hash    id -> what it was dead-lettered for, JSON
--   held:WORKER      hash    id -> queue of what the worker fetched; with a `*` once it was begun
--   workers          zset    worker -> when it was last heard of, ms
--   starts           hash    id -> how often it was begun, until it ends; a start that is known to
--                            have ended in no death is taken back
--   given_back       hash    id -> how often it was begun and its worker then gone, nobody saw why
--   suspects         hash    id -> the plugins that ran when a process died, JSON, one a line
--   unique:NAME      string  the id of the one waiting message of that name
--   feeding:RUN      hash    how far a run is fed: turn, next, blocks, limit
--   fed:RUN          set     ids that were fed and may be there still; parts of cut blocks too
--   counters         hash    what happened, for metrics
--   failing          hash    plugin -> when its own code last failed, ms
--   canary:ran       string  when a canary job last ran, ms (`canary` is the list of its queue)
--   janitor          string  the one that sweeps, @, since when, ms
--
-- The clock is the server's alone: workers' clocks decide nothing. Every command may be sent twice
-- (its answer was lost, the client tried again) with the same effect as once.

local space, command, queue, worker = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function key(name)
    return space .. ":" .. name
end

local held = key("held:" .. worker)

local function names(of)
    return {
        list = key(of), bodies = key(of .. ".msgs"), delayed = key(of .. ".delayed"),
        dead = key(of .. ".XQ"), dead_bodies = key(of .. ".XQ.msgs"), why = key(of .. ".XQ.why"),
    }
end

local function count(what, by, of)
    if (of or queue) == "canary" then
        return  -- it is no work
    end
    redis.call("HINCRBY", key("counters"), what, by)
end

-- Whether the worker still holds the message: another may have it since.
local function holds(id)
    local entry = redis.call("HGET", held, id)
    return entry == queue or entry == queue .. "*"
end

local function forget(id)
    redis.call("HDEL", key("starts"), id)
    redis.call("HDEL", key("given_back"), id)
    redis.call("HDEL", key("suspects"), id)
end

local function release_name(name, id)
    if name and name ~= "" and redis.call("GET", key("unique:" .. name)) == id then
        redis.call("DEL", key("unique:" .. name))
    end
end

local function bury(at, id, why)
    local body = redis.call("HGET", at.bodies, id)
    if body then
        redis.call("ZADD", at.dead, now, id)
        redis.call("HSET", at.dead_bodies, id, body)
        redis.call("HSET", at.why, id, why)
        redis.call("HDEL", at.bodies, id)
    end
    forget(id)
end

-- How many messages of a run are there: waiting, delayed or held.
local function there(run, at)
    local fed = key("fed:" .. run)
    local count = 0
    for _, id in ipairs(redis.call("SMEMBERS", fed)) do
        if redis.call("HEXISTS", at.bodies, id) == 1 then
            count = count + 1
        else
            redis.call("SREM", fed, id)
        end
    end
    return count
end

-- Give back what a worker holds, the oldest to the front: it was fetched before all that waits.
-- Of what it had begun only the message that it died of, if any, keeps that start.
local function release(of, died_of)
    local entries = redis.call("HGETALL", key("held:" .. of))
    local given = 0
    for i = #entries - 1, 1, -2 do
        local id, name, begun = entries[i], string.match(entries[i + 1], "^(.-)(%*?)$")
        local home = names(name)
        if redis.call("HEXISTS", home.bodies, id) == 1 then
            redis.call("LPUSH", home.list, id)
            given = given + 1
            if begun == "*" then
                count("redelivered", 1, name)
                if id ~= died_of then
                    redis.call("HINCRBY", key("starts"), id, -1)
                    redis.call("HINCRBY", key("given_back"), id, 1)
                end
            end
        end
    end
    redis.call("DEL", key("held:" .. of))
    redis.call("ZREM", key("workers"), of)
    return given
end

local at = names(queue)

-- enqueue: (id, message, delay in ms)…  What is there already is left alone.
if command == "enqueue" then
    local added = 0
    for i = 4, #ARGV, 3 do
        if redis.call("HSETNX", at.bodies, ARGV[i], ARGV[i + 1]) == 1 then
            local delay = tonumber(ARGV[i + 2])
            if delay > 0 then
                redis.call("ZADD", at.delayed, now + delay, ARGV[i])
            else
                redis.call("RPUSH", at.list, ARGV[i])
            end
            added = added + 1
        end
    end
    return added

-- enqueue_unique: lifetime of names in ms, then (id, message, name)…  Answers the ids that wait or
-- run under those names: another's, where there is one.
elseif command == "enqueue_unique" then
    local there = {}
    for i = 5, #ARGV, 3 do
        local id, name = ARGV[i], key("unique:" .. ARGV[i + 2])
        local other = redis.call("GET", name)
        if other and other ~= id and redis.call("HEXISTS", at.bodies, other) == 1 then
            there[#there + 1] = other
        else
            redis.call("SET", name, id, "PX", ARGV[4])
            if redis.call("HSETNX", at.bodies, id, ARGV[i + 1]) == 1 then
                redis.call("RPUSH", at.list, id)
            end
            there[#there + 1] = id
        end
    end
    return there

-- feeding: run.  Answers {turn, next, blocks, limit, messages that are there}; nothing for a run
-- that was never fed.
elseif command == "feeding" then
    local state = redis.call(
        "HMGET", key("feeding:" .. ARGV[4]), "turn", "next", "blocks", "limit"
    )
    if not state[1] then
        return {}
    end
    local seen = {}
    for i = 1, 4 do
        seen[i] = tonumber(state[i])
    end
    seen[5] = there(ARGV[4], at)
    return seen

-- feed: run, the turn that the feeder saw, the block after these, blocks of the run, how many
-- messages of it may be there, lifetime of what is noted in ms; then (id, message)…
-- Nothing when another has fed since, or when there is no room for all.
elseif command == "feed" then
    local run, turn = ARGV[4], tonumber(ARGV[5])
    local feeding, fed = key("feeding:" .. run), key("fed:" .. run)
    local messages, limit = (#ARGV - 9) / 2, tonumber(ARGV[8])
    if tonumber(redis.call("HGET", feeding, "turn") or "0") ~= turn then
        return 0
    end
    if messages > 0 and there(run, at) + messages > limit then
        return 0
    end
    for i = 10, #ARGV, 2 do
        if redis.call("HSETNX", at.bodies, ARGV[i], ARGV[i + 1]) == 1 then
            redis.call("RPUSH", at.list, ARGV[i])
        end
        redis.call("SADD", fed, ARGV[i])
    end
    redis.call(
        "HSET", feeding, "turn", turn + 1, "next", ARGV[6], "blocks", ARGV[7], "limit", ARGV[8]
    )
    redis.call("PEXPIRE", feeding, ARGV[9])
    redis.call("PEXPIRE", fed, ARGV[9])
    return 1

-- fetch: how many, then the ids that the worker knows it holds.  Answers id, message, …
-- What it holds without knowing (the answer was lost) is given again.
elseif command == "fetch" then
    redis.call("ZADD", key("workers"), now, worker)
    local due = redis.call("ZRANGEBYSCORE", at.delayed, "-inf", now, "LIMIT", 0, 128)
    for _, id in ipairs(due) do
        redis.call("ZREM", at.delayed, id)
        redis.call("RPUSH", at.list, id)
    end
    local known = {}
    for i = 5, #ARGV do
        known[ARGV[i]] = true
    end
    local given = {}
    local function give(id)
        local body = redis.call("HGET", at.bodies, id)
        if not body then
            redis.call("HDEL", held, id)
            return
        end
        redis.call("HSET", held, id, queue)
        given[#given + 1] = id
        given[#given + 1] = body
    end
    local mine = redis.call("HGETALL", held)
    for i = 1, #mine, 2 do
        if not known[mine[i]] and (mine[i + 1] == queue or mine[i + 1] == queue .. "*") then
            give(mine[i])
        end
    end
    while #given < 2 * tonumber(ARGV[4]) do
        local id = redis.call("LPOP", at.list)
        if not id then
            break
        end
        give(id)
    end
    return given

-- start: id.  Answers {how often it was begun, suspects, now, how often it was given back}; 0 when
-- another has it now.
elseif command == "start" then
    local id = ARGV[4]
    local entry = redis.call("HGET", held, id)
    if entry == queue then
        redis.call("HSET", held, id, queue .. "*")
        redis.call("HINCRBY", key("starts"), id, 1)
        count("started", 1)
    elseif entry ~= queue .. "*" then
        return {0, "", now, 0}
    end
    return {
        tonumber(redis.call("HGET", key("starts"), id) or "1"),
        redis.call("HGET", key("suspects"), id) or "",
        now,
        tonumber(redis.call("HGET", key("given_back"), id) or "0"),
    }

-- ack: id, unique name or "", then (what it came to, how many)…, counted once however often the
-- message was delivered.
elseif command == "ack" then
    local id = ARGV[4]
    if holds(id) then
        redis.call("HDEL", held, id)
        redis.call("HDEL", at.bodies, id)
        forget(id)
        release_name(ARGV[5], id)
        count("done", 1)
        for i = 6, #ARGV, 2 do
            count(ARGV[i], ARGV[i + 1])
            local plugin = string.match(ARGV[i], "^plugin_failures:(.*)$")
            if plugin then
                redis.call("HSET", key("failing"), plugin, now)
            end
        end
        return 1
    end
    return 0

-- retry: id, message, delay in ms.  A failure that was seen is no death of the process; what is
-- known of deaths before it stays known.
elseif command == "retry" then
    local id = ARGV[4]
    if holds(id) then
        if redis.call("HGET", held, id) == queue .. "*" then
            redis.call("HINCRBY", key("starts"), id, -1)
        end
        redis.call("HDEL", held, id)
        redis.call("HSET", at.bodies, id, ARGV[5])
        redis.call("ZADD", at.delayed, now + tonumber(ARGV[6]), id)
        count("retried", 1)
        return 1
    end
    return 0

-- nack: id, unique name or "", why as JSON, its reason.
elseif command == "nack" then
    local id = ARGV[4]
    if holds(id) then
        redis.call("HDEL", held, id)
        release_name(ARGV[5], id)
        bury(at, id, ARGV[6])
        count("dead_lettered:" .. ARGV[7], 1)
        return 1
    end
    return 0

-- split: id, unique name or "", then (id, message)… that take its place, ahead of all others.
elseif command == "split" then
    local id = ARGV[4]
    if holds(id) then
        local fed = key("fed:" .. string.match(id, "^[^:]*"))
        local was_fed = redis.call("SISMEMBER", fed, id) == 1
        for i = #ARGV - 1, 6, -2 do
            if redis.call("HSETNX", at.bodies, ARGV[i], ARGV[i + 1]) == 1 then
                redis.call("LPUSH", at.list, ARGV[i])
            end
            if was_fed then
                redis.call("SADD", fed, ARGV[i])
            end
        end
        redis.call("HDEL", held, id)
        redis.call("HDEL", at.bodies, id)
        forget(id)
        release_name(ARGV[5], id)
        count("split", 1)
        return 1
    end
    return 0

-- requeue: ids that were fetched and not begun, back to the front.
elseif command == "requeue" then
    for i = #ARGV, 4, -1 do
        if holds(ARGV[i]) then
            redis.call("HDEL", held, ARGV[i])
            if redis.call("HEXISTS", at.bodies, ARGV[i]) == 1 then
                redis.call("LPUSH", at.list, ARGV[i])
            end
        end
    end
    return redis.status_reply("OK")

-- leave: the worker ends in order, or is known to be dead; ARGV[4] the message that it died of,
-- ARGV[5] the plugin that is suspected of it, as JSON; both may be empty.
elseif command == "leave" then
    local id, suspicion = ARGV[4], ARGV[5]
    if suspicion ~= "" and redis.call("HEXISTS", held, id) == 1 then
        local before = redis.call("HGET", key("suspects"), id)
        local all = before and (before .. "\n" .. suspicion) or suspicion
        redis.call("HSET", key("suspects"), id, all)
    end
    return release(worker, id)

-- canary: a job ran, from enqueueing to here.
elseif command == "canary" then
    redis.call("SET", key("canary:ran"), now)
    return redis.status_reply("OK")

-- beat: workers that are known to be alive.
elseif command == "beat" then
    for i = 4, #ARGV do
        redis.call("ZADD", key("workers"), now, ARGV[i])
    end
    return redis.status_reply("OK")

-- sweep: lifetime of the janitor's lock, of a silent worker, of dead letters, each in ms; then all
-- queues.  Answers {workers given up, messages given back, dead letters dropped}; nothing where
-- another sweeps.  A new janitor gives nobody up for one lifetime of its lock: when the server was
-- away, all were silent, and first they have to be heard again.
elseif command == "sweep" then
    local lock, lifetime = key("janitor"), tonumber(ARGV[4])
    local owner, since = string.match(redis.call("GET", lock) or "", "^(.*)@(%d+)$")
    if not owner then
        owner, since = worker, now
        redis.call("SET", lock, string.format("%s@%.0f", worker, now), "PX", lifetime)
    end
    if owner ~= worker then
        return {}
    end
    redis.call("PEXPIRE", lock, lifetime)
    local silent = {}
    if now - since >= lifetime then
        silent = redis.call("ZRANGEBYSCORE", key("workers"), "-inf", now - tonumber(ARGV[5]))
    end
    local given = 0
    for _, each in ipairs(silent) do
        given = given + release(each)
    end
    local dropped = 0
    for i = 7, #ARGV do
        local home = names(ARGV[i])
        local old = redis.call(
            "ZRANGEBYSCORE", home.dead, "-inf", now - tonumber(ARGV[6]), "LIMIT", 0, 1000
        )
        for _, id in ipairs(old) do
            redis.call("ZREM", home.dead, id)
            redis.call("HDEL", home.dead_bodies, id)
            redis.call("HDEL", home.why, id)
        end
        dropped = dropped + #old
    end
    return {#silent, given, dropped}

-- purge_dead: ids of dead letters that go.
elseif command == "purge_dead" then
    local gone = 0
    for i = 4, #ARGV do
        gone = gone + redis.call("ZREM", at.dead, ARGV[i])
        redis.call("HDEL", at.dead_bodies, ARGV[i])
        redis.call("HDEL", at.why, ARGV[i])
    end
    return gone

-- replay: id of a dead letter, id and message that take its place.
elseif command == "replay" then
    if redis.call("HEXISTS", at.dead_bodies, ARGV[4]) == 0 then
        return redis.call("HEXISTS", at.bodies, ARGV[5])
    end
    if redis.call("HSETNX", at.bodies, ARGV[5], ARGV[6]) == 1 then
        redis.call("RPUSH", at.list, ARGV[5])
    end
    redis.call("ZREM", at.dead, ARGV[4])
    redis.call("HDEL", at.dead_bodies, ARGV[4])
    redis.call("HDEL", at.why, ARGV[4])
    return 1
end

return redis.error_reply("unknown command " .. command)
