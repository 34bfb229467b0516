-- Hand out the next fence: always above the last one, and never below the server's clock, so that a
-- lost counter does not make new work look older than what is stored.
--
-- KEYS[1]  shopace:v1:fence   the last fence handed out
-- ARGV[1]  how many in a row; 1 without
--
-- Returns the first as text: Lua would shorten a number of this size.

local now = redis.call("TIME")
local clock = now[1] * 1000000 + now[2]
local last = tonumber(redis.call("GET", KEYS[1]) or "0")
local first = math.max(last + 1, clock)
local count = tonumber(ARGV[1] or "1")
redis.call("SET", KEYS[1], string.format("%.0f", first + count - 1))
return string.format("%.0f", first)
