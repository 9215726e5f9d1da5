import { afterAll, beforeAll, describe, expect, it } from "@effect/vitest"
import { type FaultServer, open } from "../kit/faults/FaultServer.ts"
import { look, problemsOf } from "../kit/faults/probe.ts"
import { subjects } from "../kit/faults/subjects.ts"

const clients = await subjects()

// the same on Deno, on Bun and on other versions of Node.js: scripts/runtimes.ts
describe.concurrent("faults on real sockets", () => {
  let server: FaultServer
  beforeAll(async () => {
    server = await open()
  })
  afterAll(() => server.close())

  it.each(clients)("$name, $way: what passes is retried, and nothing else", async (subject) => {
    const sights = await look(subject, server.places)
    expect(sights.length).toBeGreaterThan(subject.protocols.includes(1) ? 20 : 8)
    expect(problemsOf(sights)).toEqual([])
  })
})
