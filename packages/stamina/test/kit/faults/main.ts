/**
 * The suite of faults as a program: its argument is a file with the places of the servers, as JSON; it prints what it saw,
 * as JSON.
 */
import { readFileSync } from "node:fs"
import { look, type Sight } from "./probe.ts"
import { subjects } from "./subjects.ts"

const places = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8"))
const sights: Array<Sight> = []
for (const subject of await subjects()) sights.push(...await look(subject, places))
console.log(JSON.stringify(sights))
// connections that are kept hold the runtime
process.exit()
