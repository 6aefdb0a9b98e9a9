-- Ready requests for wrk: arguments are a file of request lines, the Accept header and, for cold requests, a number.
local lines, accept, cold, n, at = {}, "", nil, 0, 0

function init(arguments)
  for line in io.lines(arguments[1]) do lines[#lines + 1] = line end
  accept, cold = arguments[2], arguments[3]
  local host = "127.0.0.1:" .. wrk.port
  local tail = " HTTP/1.1\r\nHost: " .. host .. "\r\nAccept: " .. accept .. "\r\n\r\n"
  if cold then
    wrk.tail = tail
  else
    for i, line in ipairs(lines) do lines[i] = "GET " .. line .. tail end
  end
end

function request()
  at = at % #lines + 1
  if not cold then return lines[at] end
  n = n + 1
  return "GET " .. lines[at] .. "%0A%23%20" .. cold .. "." .. n .. wrk.tail
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '{"requests": %d, "seconds": %.6f, "p50": %.4f, "p99": %.4f, "failures": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    e.connect + e.read + e.write + e.status + e.timeout))
end
