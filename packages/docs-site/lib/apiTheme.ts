/**
 * How the pages of the API reference look, where that differs from typedoc-plugin-markdown.
 */
import { DeclarationReflection, type Reflection, ReflectionKind } from "typedoc"
import { type MarkdownPageEvent, MarkdownTheme, MarkdownThemeContext } from "typedoc-plugin-markdown"
import { commentOf, firstSentence, tagOf } from "./apiComments.ts"
import { modules } from "./modules.ts"

class ApiContext extends MarkdownThemeContext {
  constructor(...args: ConstructorParameters<typeof MarkdownThemeContext>) {
    super(...args)
    const { partials } = this
    this.partials = {
      ...partials,
      // the fields of a type stand right below it, there as well
      sources: (model, options) => isMember(model) ? `<small>${partials.sources(model, options)}</small>` : "",
      // most of `Stamina` lives elsewhere: say what it is, besides where
      referenceMember: (model) => {
        const target = model.tryGetTargetReflectionDeep()
        const where = partials.referenceMember(model)
        return target === undefined ? where : `${firstSentence(commentOf(target))}\n\n${where}`
      }
    }
  }
}

/** Whether it stands in a module, and not in something that does. */
const isMember = (model: Reflection): boolean =>
  (model.isSignature() ? model.parent.parent : model.parent)?.kind === ReflectionKind.Module

/** As the examples call a module: `RetryPolicy`, and `Testing` for what is imported as `testing`. */
const namespaceOf = (name: string): string => name.replace(/(?:^|\W)(\w)/g, (_, first: string) => first.toUpperCase())

export class ApiTheme extends MarkdownTheme {
  override getRenderContext(page: MarkdownPageEvent<Reflection>): MarkdownThemeContext {
    return new ApiContext(this, page, this.application.options)
  }

  override render(page: MarkdownPageEvent): string {
    const { model } = page
    const module = modules.find(({ name }) => name === model.name)
    if (module === undefined || !(model instanceof DeclarationReflection)) return super.render(page)

    // below the title: how to import it, and what to know before that
    const { comment } = model
    const since = tagOf(comment, "@since")
    comment?.removeTags("@since")
    const notes = [
      "```ts no-run",
      `import * as ${namespaceOf(module.name)} from "${module.specifier}"`,
      ...(since === undefined ? [] : [`// since ${since}`]),
      "```"
    ]
    if (tagOf(comment, "@stability") === "unstable") {
      notes.push("", "::: warning Unstable", "This module may change in a minor release.", ":::")
    }
    const text = super.render(page).replace(/^# .*$/m, (title) => [title, "", ...notes].join("\n"))
    return `---\npageClass: api\n---\n\n${text}`
  }
}
