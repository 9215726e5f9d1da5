import { Explorer } from "./explorer.ts"
import { Workshop } from "./work/workshop.ts"

const explorer = new Explorer(
  new Workshop(() => new Worker(new URL("./worker.js", import.meta.url), { type: "module" }))
)
document.querySelector("#page")?.replaceWith(explorer.element)
explorer.open(location.hash)
window.addEventListener("hashchange", () => explorer.open(location.hash))
