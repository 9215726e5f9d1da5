/**
 * A PostgreSQL server of our own: on a free port of this machine, with a folder of its own that goes away with it.
 */
import { spawnSync } from "node:child_process"
import { chownSync, existsSync, globSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir, userInfo } from "node:os"
import { delimiter, join } from "node:path"
import { freePort, type Running, start } from "./programs.ts"

export interface Server {
  readonly port: number
  /** Stops the server, which closes all connections at once, and starts it again on the same port. */
  readonly restart: () => Promise<void>
  /** Ends the server as a crash would, like `pg_ctl stop -m immediate`: it has to recover when it begins again. */
  readonly crash: () => Promise<void>
  readonly begin: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** Made for tests: data need not outlive the machine, and a deadlock is noticed quickly. */
const settings = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  deadlock_timeout: "100ms",
  max_connections: "60",
  unix_socket_directories: "",
  // whose transactions would be counted beside ours
  autovacuum: "off"
}

/** Starts a server; `changes` are settings on top of those for tests. */
export const startServer = async (changes: Readonly<Record<string, string>> = {}): Promise<Server> => {
  const account = unprivileged()
  const folder = mkdtempSync(join(tmpdir(), "effect-stamina-postgres-"))
  if (account !== undefined) chownSync(folder, account.uid, account.gid)
  const options = { ...account, cwd: folder }
  const data = join(folder, "data")
  const clean = () => {
    process.off("exit", clean)
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 })
  }
  // also where this process ends before the tests do; the server is told to end by then
  process.once("exit", clean)

  try {
    const made = spawnSync(
      find("initdb"),
      ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
      { ...options, encoding: "utf8", timeout: 30_000 }
    )
    if (made.status !== 0) throw new Error(`initdb has ended with ${made.status ?? made.signal}:\n${made.stderr}`)

    const port = await freePort()
    const args = ["-D", data, "-h", "127.0.0.1", "-p", String(port)]
    for (const [name, value] of Object.entries({ ...settings, ...changes })) args.push("-c", `${name}=${value}`)
    // to PostgreSQL, SIGTERM means to wait until the last client has gone; and to be killed, to leave others behind
    const begin = async (): Promise<Running> => {
      const running = start(find("postgres"), args, { ...options, signals: ["SIGINT", "SIGQUIT"] })
      await running.printed(/ready to accept connections/)
      return running
    }
    let running = await begin()
    return {
      port,
      restart: async () => {
        await running.stop()
        running = await begin()
      },
      crash: () => running.kill("SIGQUIT"),
      begin: async () => void (running = await begin()),
      stop: async () => {
        await running.stop()
        clean()
      }
    }
  } catch (error) {
    clean()
    throw error
  }
}

/** Debian keeps the server's programs out of the path, by version. */
const find = (program: string): string => {
  const versions = globSync("/usr/lib/postgresql/*/bin").toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }))
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...versions.toReversed()]
  const found = folders.map((folder) => join(folder, program)).find((path) => existsSync(path))
  if (found !== undefined) return found
  throw new Error(`${program} is not installed; on Debian and Ubuntu: .ci/install postgresql`)
}

/** PostgreSQL refuses to run as root, so root runs it as the user that its package has made. */
const unprivileged = (): { readonly uid: number; readonly gid: number } | undefined => {
  if (userInfo().uid !== 0) return undefined
  const id = (flag: string) => Number(spawnSync("id", [flag, "postgres"], { encoding: "utf8" }).stdout || Number.NaN)
  const account = { uid: id("-u"), gid: id("-g") }
  if (Number.isNaN(account.uid)) {
    throw new Error("there is no user postgres; on Debian and Ubuntu: .ci/install postgresql")
  }
  return account
}
