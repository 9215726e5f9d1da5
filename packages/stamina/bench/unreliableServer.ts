/**
 * An HTTP server in a process of its own: `unreliableServer.ts <share of faults>`. Half of the faults are a 503, the other
 * half a connection that is reset. It prints its port; `GET /count` answers with the number of requests since the last
 * such question.
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { make } from "../../stamina-lab/src/tools/random.ts"

const faults = Number(process.argv[2])
const random = make(1)
let requests = 0

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  if (request.url === "/count") {
    response.end(String(requests))
    requests = 0
    return
  }
  requests++
  const u = random()
  if (u >= faults) response.end("ok")
  else if (u < faults / 2) response.writeHead(503, { "content-length": 4 }).end("busy")
  else request.socket.resetAndDestroy()
})
server.listen({ port: 0, host: "127.0.0.1", backlog: 2000 }, () => {
  console.log((server.address() as AddressInfo).port)
})
