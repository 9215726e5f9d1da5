/**
 * How far a simulation is.
 */
import { refuse } from "./check.ts"

/**
 * Is called now and then with the share of a simulation that is done, from 0 to 1: for a progress bar, if the simulation
 * runs in a thread of its own. It does not change the result.
 *
 * The share is an estimate, as nobody knows beforehand how often calls fail. It never falls, and the last is 1.
 *
 * @category models
 * @since 0.1.0
 */
export type OnProgress = (share: number) => void

/** How many steps are taken between two reports: often enough for a bar that moves, too seldom to be felt. */
const every = 0x4000

/** Whether this step is reported. */
export const isDue = (step: number): boolean => step % every === 0

/** Checks the function that is called. */
export const checkOnProgress = (caller: string, onProgress: unknown): OnProgress | undefined =>
  onProgress === undefined || typeof onProgress === "function"
    ? onProgress as OnProgress | undefined // a function that takes more than a number is its author's mistake
    : refuse(caller, "onProgress", "a function", onProgress)
