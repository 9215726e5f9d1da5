/**
 * The switches around a fiber, as the plan of a run wants them.
 */
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type { Mode } from "../run/mode.ts"
import { Active, Testing } from "./activation.ts"

/** The mode that the switches ask for. Off beats testing. */
export const currentMode = (fiber: Fiber.Fiber<unknown, unknown>): Mode =>
  Ref.getUnsafe(fiber.getRef(Active)) ? Option.getOrUndefined(Ref.getUnsafe(fiber.getRef(Testing))) : "inactive"
