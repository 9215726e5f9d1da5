/**
 * Other programs, for tests against the real thing: found, run, and stopped without fail.
 */
import { type ChildProcess, spawn, type SpawnOptions, spawnSync } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:net"
import { createInterface } from "node:readline"

/** Fails, and says what to do, unless the programs are installed. */
export const need = (packages: Readonly<Record<string, ReadonlyArray<string>>>): void => {
  for (const [name, programs] of Object.entries(packages)) {
    for (const program of programs) {
      if (spawnSync(program, ["--version"]).error === undefined) continue
      throw new Error(`${program} is not installed; on Debian and Ubuntu: .ci/install ${name}`)
    }
  }
}

/** A program that runs until it is stopped. */
export interface Running {
  /** Waits until the program has printed something, and gives what the pattern has found in it. */
  readonly printed: (pattern: RegExp) => Promise<RegExpExecArray>
  /** All that the program has printed so far. */
  readonly output: () => string
  /** Fails with what the program has printed if it does not run any more. */
  readonly check: () => void
  /** Sends a signal that does not end it. */
  readonly signal: (signal: NodeJS.Signals) => void
  /** Sends a signal, and waits until the program has ended, by it or before it. */
  readonly kill: (signal: NodeJS.Signals) => Promise<void>
  /** When it has ended, in whichever way. */
  readonly ended: Promise<void>
  readonly stop: () => Promise<void>
}

export interface StartOptions extends Pick<SpawnOptions, "cwd" | "uid" | "gid"> {
  /** The signals that stop it: the first if there is time, the second if there is not. */
  readonly signals?: readonly [gently: NodeJS.Signals, atOnce: NodeJS.Signals]
  /** Hears of each line on standard output as soon as it is there. */
  readonly onLine?: (line: string) => void
}

/** What ends the programs that run: many may. */
const atExit = new Set<() => void>()
process.once("exit", () => atExit.forEach((kill) => kill()))

/** Starts a program. It is stopped at the latest when this process ends. */
export const start = (
  program: string,
  args: ReadonlyArray<string>,
  { onLine, signals: [gently, atOnce] = ["SIGTERM", "SIGKILL"], ...options }: StartOptions = {}
): Running => {
  const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"] })
  let output = ""
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => output += text)
  }
  if (onLine !== undefined) createInterface(child.stdout).on("line", onLine)
  child.on("error", (error) => output += String(error))
  const kill = () => child.kill(atOnce)
  atExit.add(kill)
  // after the last of its output
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()))
  child.once("close", () => atExit.delete(kill))

  const check = () => {
    if (hasEnded(child)) throw new Error(`${program} has ended, with ${child.exitCode ?? child.signalCode}:\n${output}`)
  }
  return {
    check,
    output: () => output,
    printed: (pattern) =>
      eventually(() => {
        const found = pattern.exec(output)
        if (found) return found
        check()
        throw new Error(`${program} has not printed ${pattern}:\n${output}`)
      }),
    ended,
    signal: (signal) => void child.kill(signal),
    kill: (signal) => {
      child.kill(signal)
      return ended
    },
    stop: async () => {
      if (hasEnded(child)) return
      const ended = once(child, "exit")
      child.kill(gently)
      const timer = setTimeout(kill, 5_000)
      await ended
      clearTimeout(timer)
    }
  }
}

/** Also where it never began. */
const hasEnded = (child: ChildProcess): boolean =>
  child.pid === undefined || child.exitCode !== null || child.signalCode !== null

/** Runs a program to its end, and gives all that it has printed. */
export const run = (program: string, args: ReadonlyArray<string>, input = "") => {
  const { error, status, stderr, stdout } = spawnSync(program, args, { input, encoding: "utf8", timeout: 20_000 })
  return { status, output: error ? String(error) : stdout + stderr }
}

/** Asks again until the answer is no failure, for a minute: a machine may have much to do. */
export const eventually = async <A>(ask: () => A | Promise<A>): Promise<A> => {
  const end = performance.now() + 60_000
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (performance.now() > end) throw error
      await sleep(100)
    }
  }
}

export const sleep = (millis: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, millis))

/** A port of this machine that nobody listens on. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  await once(server, "close")
  return typeof address === "object" && address !== null ? address.port : Number.NaN
}
