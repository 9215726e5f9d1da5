/**
 * Making elements.
 */

/** Attributes by their names, and listeners by those of their events. */
export type Properties = Readonly<
  Record<string, string | number | boolean | undefined | ((event: Event) => void)>
>

export type Child = Node | string

/** Makes an element of HTML. */
export const h = <Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Properties = {},
  ...children: ReadonlyArray<Child>
): HTMLElementTagNameMap[Tag] => furnish(document.createElement(tag), properties, children)

/** Makes an element of SVG. */
export const svg = <Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  properties: Properties = {},
  ...children: ReadonlyArray<Child>
): SVGElementTagNameMap[Tag] =>
  furnish(document.createElementNS("http://www.w3.org/2000/svg", tag), properties, children)

const furnish = <E extends Element>(element: E, properties: Properties, children: ReadonlyArray<Child>): E => {
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") element.addEventListener(name, value)
    else if (value === true) element.setAttribute(name, "")
    else if (value !== undefined && value !== false) element.setAttribute(name, String(value))
  }
  element.append(...children)
  return element
}

/** Writes a text if it is not there already, so that nothing is read out twice. */
export const say = (element: Element, text: string): void => {
  if (element.textContent !== text) element.textContent = text
}

/** A text for those who do not see the page. */
export const unseen = (text: string): HTMLElement => h("span", { class: "unseen" }, text)

let ids = 0

/** A name that no other element has. */
export const newId = (): string => `e${++ids}`
