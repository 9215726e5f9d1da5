/**
 * What is done to the reflections of TypeDoc before pages are made of them.
 */
import {
  type Comment,
  type DeclarationReflection,
  type ProjectReflection,
  type Reflection,
  ReflectionKind,
  type SignatureReflection
} from "typedoc"
import { addressOf } from "./paths.ts"

/** The text of a block tag, such as `@since`. */
export const tagOf = (comment: Comment | undefined, tag: `@${string}`): string | undefined =>
  comment?.getTag(tag)?.content.map(({ text }) => text).join("").trim()

/** The first sentence of a comment, as Markdown. */
export const firstSentence = (comment: Comment | undefined): string => {
  const text = comment?.summary.map(({ text }) => text).join("").split("\n\n")[0]?.replaceAll("\n", " ").trim() ?? ""
  return /^.*?[.!?](?=\s|$)/.exec(text)?.[0] ?? text
}

/** The comment of a function stands at its signature. */
export const commentOf = (reflection: Reflection): Comment | undefined =>
  reflection.comment ?? (reflection.isDeclaration() ? reflection.signatures?.[0]?.comment : undefined)

/** A member says since when it is there, and whether it is unstable, where its module does not say the same. */
const dropRepeats = (module: DeclarationReflection): void => {
  const drop = (reflection: Reflection): void => {
    for (const tag of ["@since", "@stability"] as const) {
      if (reflection.comment && tagOf(reflection.comment, tag) === tagOf(module.comment, tag)) {
        reflection.comment.removeTags(tag)
      }
    }
  }
  module.traverse((child) => {
    visit(child, drop)
    return true
  })
}

const visit = (reflection: Reflection, f: (reflection: Reflection) => void): void => {
  f(reflection)
  reflection.traverse((child) => {
    visit(child, f)
    return true
  })
}

/** Headings begin with a capital letter, which categories in comments do not. */
const capitalise = (reflection: Reflection): void => {
  for (const { content, tag } of reflection.comment?.blockTags ?? []) {
    const [first] = content
    if (tag === "@category" && first !== undefined) {
      first.text = first.text.charAt(0).toUpperCase() + first.text.slice(1)
    }
  }
}

export const prepare = (project: ProjectReflection): void => {
  for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
    if (!module.isDeclaration()) continue
    dropRepeats(module)
    visit(module, capitalise)
  }
}

/** A base class that has no page tells readers nothing: its members count as those of the class. */
const dropHiddenParents = (reflection: DeclarationReflection | SignatureReflection): void => {
  if (reflection.inheritedFrom?.reflection === undefined) delete reflection.inheritedFrom
  if (reflection.overwrites?.reflection === undefined) delete reflection.overwrites
  if (!reflection.isDeclaration()) return
  const known = reflection.extendedTypes?.filter((type) => type.type !== "reference" || type.reflection !== undefined)
  if (known?.length !== 0) return
  delete reflection.extendedTypes
  delete reflection.typeHierarchy
}

/** Leads to the source, where the repository has an address. */
const linkSources = ({ sources = [] }: DeclarationReflection | SignatureReflection): void => {
  for (const source of sources) {
    const address = addressOf(source.fileName)
    if (address !== undefined) source.url = `${address}#L${source.line}`
  }
}

/** To be called when all is resolved: names of files are from the root of the repository, and types know their bases. */
export const finish = (project: ProjectReflection): void =>
  visit(project, (reflection) => {
    if (!reflection.isDeclaration() && !reflection.isSignature()) return
    dropHiddenParents(reflection)
    linkSources(reflection)
  })
