-- Replace one shop's document, if what is offered is newer.
--
-- KEYS[1]  shopace:v1:diagnosis:{SHOP}   the document, a hash
--
-- ARGV[1]  as_of        YYYY-MM-DD
-- ARGV[2]  fence        whole number, 1 .. 2^53 - 1
-- ARGV[3]  schema       e.g. shopace.diagnosis/1
-- ARGV[4]  enc          how body and metrics are encoded
-- ARGV[5]  body
-- ARGV[6]  metrics
-- ARGV[7]  memory
-- ARGV[8]  lifetime of the document, milliseconds
--
-- Returns 1 written, 0 duplicate (nothing written), -1 stale (refused).

local function day_number(text)
    return tonumber((string.gsub(text, "-", "")))
end

local stored = redis.call("HMGET", KEYS[1], "as_of", "fence")
if stored[1] and stored[2] then
    local day, stored_day = day_number(ARGV[1]), day_number(stored[1])
    local fence, stored_fence = tonumber(ARGV[2]), tonumber(stored[2])
    if day < stored_day or (day == stored_day and fence < stored_fence) then
        return -1
    end
    if day == stored_day and fence == stored_fence then
        return 0
    end
end

redis.call(
    "HSET", KEYS[1],
    "as_of", ARGV[1], "fence", ARGV[2], "schema", ARGV[3], "enc", ARGV[4],
    "body", ARGV[5], "metrics", ARGV[6], "memory", ARGV[7]
)
redis.call("PEXPIRE", KEYS[1], ARGV[8])
return 1
