-- The requests that wrk sends: all sessions in turn, so many of ten writing. Made before the clock starts.
local requests, n = {}, 0

function init()
  local cookies = {}
  for line in io.lines(os.getenv('BENCH_COOKIES')) do cookies[#cookies + 1] = line end
  local writes = tonumber(os.getenv('BENCH_WRITES'))
  for turn = 0, 9 do
    for k, cookie in ipairs(cookies) do
      local path = (turn + k) % 10 < writes and '/write' or '/read'
      requests[#requests + 1] = wrk.format('GET', path, { Host = wrk.host, Cookie = cookie })
    end
  end
end

function request()
  n = n % #requests + 1
  return requests[n]
end
