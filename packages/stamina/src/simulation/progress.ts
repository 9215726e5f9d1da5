/**
 * How far a simulation is, for whoever wants to hear it.
 */
import { refuse } from "../tools/check.ts"
import type { OnProgress } from "./SimulationModel.ts"

/** How many steps are taken between two reports: often enough for a bar that moves, too seldom to be felt. */
const every = 0x4000

/** Whether somebody is to hear of this step. */
export const isDue = (step: number): boolean => step % every === 0

/** Checks who hears it. */
export const hears = (caller: string, onProgress: unknown): OnProgress | undefined =>
  onProgress === undefined || typeof onProgress === "function"
    ? onProgress as OnProgress | undefined // a function that takes more than a number is its author's mistake
    : refuse(caller, "onProgress", "a function", onProgress)
