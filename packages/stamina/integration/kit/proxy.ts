/**
 * A connection in between, which breaks at the worst moment, or is slow.
 */
import { once } from "node:events"
import { connect, createServer, type Socket } from "node:net"
import { setTimeout } from "node:timers/promises"

export interface Proxy {
  readonly port: number
  /** How often the word took a while. */
  readonly held: () => number
  readonly stop: () => Promise<void>
}

/**
 * Passes everything on, to and from a port of this machine, until `word` is sent to it. Then that arrives half a second
 * later; or, the first time only, both connections are closed, before it has arrived or in place of the answer.
 */
export const startProxy = async (
  target: number,
  word: string,
  fate: "is lost" | "is not answered" | "takes a while"
): Promise<Proxy> => {
  const sockets = new Set<Socket>()
  let broken = false
  let held = 0
  const proxy = createServer((client) => {
    const server = connect(target, "127.0.0.1")
    let cut = false
    let sent = Promise.resolve()
    const close = () => {
      client.destroy()
      server.destroy()
    }
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.on("error", close).on("close", close)
    }
    client.on("data", (data) => {
      const isAffected = !broken && data.includes(word)
      if (isAffected && fate === "takes a while") {
        held++
        sent = sent.then(() => setTimeout(500))
      } else if (isAffected) {
        broken = cut = true
        if (fate === "is lost") return close()
      }
      sent = sent.then(() => void server.write(data))
    })
    server.on("data", (data) => cut ? close() : client.write(data))
  }).listen(0, "127.0.0.1")
  await once(proxy, "listening")
  const address = proxy.address()
  return {
    port: typeof address === "object" && address !== null ? address.port : Number.NaN,
    held: () => held,
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      proxy.close()
      await once(proxy, "close")
    }
  }
}
