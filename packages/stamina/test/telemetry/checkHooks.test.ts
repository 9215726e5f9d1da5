import { describe, expect, it } from "@effect/vitest"
import { type RetryHook, Stamina } from "effect-stamina"

const bad: ReadonlyArray<readonly [hooks: unknown, message: string]> = [
  [{}, "hooks must be an array of hooks, got {}"],
  [[null], "a hook must be an object with listeners, got null"],
  [[{ onGaveUp: 3 }], "onGaveUp must be a function, got 3"],
  [
    [{ onRetrySchedule: () => {} }],
    "a listener must be one of onRetryScheduled, onRetryDeferred, onRecovered, onGaveUp, onInterrupted, got \"onRetrySchedule\""
  ]
]

describe.each(bad)("hooks that hear nothing: %j", (hooks, message) => {
  it("are refused by the option, and by the layers", () => {
    const given = hooks as ReadonlyArray<RetryHook.RetryHook>
    expect(() => Stamina.retry({ on: "Down", hooks: given })).toThrow(new RangeError(`Stamina.retry: ${message}`))
    expect(() => Stamina.layerHooks(given)).toThrow(new RangeError(`Stamina.layerHooks: ${message}`))
    if (Array.isArray(given)) {
      expect(() => Stamina.layerAddHook(given[0])).toThrow(new RangeError(`Stamina.layerAddHook: ${message}`))
    }
  })
})

it("a listener that is left out, or undefined, is fine", () => {
  expect(() => Stamina.layerHooks([{}, { name: "mine", onGaveUp: undefined }, ...Stamina.defaultHooks])).not.toThrow()
})
