import { describe, expect, it } from "vitest"
import { claims } from "./example.ts"

describe("claims", () => {
  it("are comments behind what prints", () => {
    expect(claims("console.log(1) // 1\nrun.then(console.log) // ok")).toEqual(["1", "ok"])
  })

  it("are comment lines right below what prints", () => {
    expect(claims("console.log([1, 2])\n// [ 1,\n//   2 ]\n\n// what follows")).toEqual(["[ 1,", "  2 ]"])
  })

  it("stand behind the end of a call that takes several lines", () => {
    expect(claims("console.log(\n  f(1) // not this\n) // 2")).toEqual(["2"])
  })

  it("are told from slashes and brackets in strings, and keep their own", () => {
    expect(claims("console.log(\"http://a.b (\") // http://a.b (\nconsole.log(`it's`)")).toEqual(["http://a.b ("])
  })

  it("are only made of what prints", () => {
    expect(claims("Effect.runPromise(logging) // logs three times\n// console.log(1) // 1")).toEqual([])
  })
})
