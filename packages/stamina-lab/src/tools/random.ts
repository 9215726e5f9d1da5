/**
 * Random numbers that a seed settles: the same seed gives the same numbers everywhere.
 */

/** Draws from [0, 1), in steps of 2^-32. The generator is sfc32. */
export const make = (seed: number): () => number => {
  let a = 0x9e3779b9
  let b = 0x243f6a88
  let c = seed | 0
  let counter = 1
  const draw = (): number => {
    const out = (a + b | 0) + counter | 0
    counter = counter + 1 | 0
    a = b ^ b >>> 9
    b = c + (c << 3) | 0
    c = c << 21 | c >>> 11
    c = c + out | 0
    return (out >>> 0) / 2 ** 32
  }
  // its first numbers still look like the seed
  for (let i = 0; i < 12; i++) draw()
  return draw
}

/** A time between two events that happen `perSecond` times a second on average, in milliseconds. */
export const gap = (random: () => number, perSecond: number): number => -Math.log(1 - random()) * 1000 / perSecond

/** A number with mean 0 and variance 1, by Box and Muller. */
export const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
