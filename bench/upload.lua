-- wrk: the `upload` workload, a POST of one megabyte
wrk.method = "POST"
wrk.body = string.rep("x", 1000000)
wrk.headers["Content-Type"] = "application/octet-stream"
