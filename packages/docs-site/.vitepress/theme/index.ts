import DefaultTheme from "vitepress/theme"
// oxlint-disable-next-line import/no-unassigned-import -- a stylesheet has nothing to assign
import "./style.css"

export default DefaultTheme
