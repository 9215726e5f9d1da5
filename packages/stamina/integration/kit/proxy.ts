/**
 * A connection in between, which breaks at the worst moment.
 */
import { once } from "node:events"
import { connect, createServer, type Socket } from "node:net"

export interface Proxy {
  readonly port: number
  readonly stop: () => Promise<void>
}

/**
 * Passes everything on, to and from a port of this machine, until `word` is sent to it for the first time. That still
 * arrives, or not; the answer does not, for both connections are closed.
 */
export const startProxy = async (target: number, word: string, arrives: boolean): Promise<Proxy> => {
  const sockets = new Set<Socket>()
  let broken = false
  const proxy = createServer((client) => {
    const server = connect(target, "127.0.0.1")
    let cut = false
    const close = () => {
      client.destroy()
      server.destroy()
    }
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.on("error", close).on("close", close)
    }
    client.on("data", (data) => {
      if (!broken && data.includes(word)) {
        broken = cut = true
        if (!arrives) return close()
      }
      server.write(data)
    })
    server.on("data", (data) => cut ? close() : client.write(data))
  }).listen(0, "127.0.0.1")
  await once(proxy, "listening")
  const address = proxy.address()
  return {
    port: typeof address === "object" && address !== null ? address.port : Number.NaN,
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      proxy.close()
      await once(proxy, "close")
    }
  }
}
