/**
 * A Redis server of our own: on a free port of this machine, without a file.
 */
import { freePort, need, type Running, start } from "./programs.ts"

export interface Server {
  readonly port: number
  /** Ends the server at once, as a machine does that fails; it has forgotten all when it begins again. */
  readonly kill: () => Promise<void>
  readonly begin: () => Promise<void>
  /** Stops it as it is, or lets it go on. */
  readonly signal: (signal: "SIGSTOP" | "SIGCONT") => void
  readonly stop: () => Promise<void>
}

export const startRedis = async (): Promise<Server> => {
  need({ "redis-server": ["redis-server"] })
  const port = await freePort()
  let running: Running
  const begin = async () => {
    running = start(
      "redis-server",
      ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
      {
        signals: ["SIGKILL", "SIGKILL"]
      }
    )
    await running.printed(/Ready to accept connections/)
  }
  await begin()
  return {
    port,
    begin,
    signal: (signal) => running.signal(signal),
    kill: () => running.stop(),
    stop: () => running.stop()
  }
}
