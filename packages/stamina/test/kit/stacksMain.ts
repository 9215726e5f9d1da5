/**
 * Prints what is wrong with stacks in this runtime.
 */
import { problems } from "./stacks.ts"

console.log(JSON.stringify(await problems()))
