import { createTheme, type MantineColorsTuple } from "@mantine/core";

const hark: MantineColorsTuple = ["#e6fbf9", "#d2f2ef", "#a7e3de", "#78d3cc", "#51c6bd", "#37beb4", "#24b5ab", "#0f9088", "#0b7a75", "#005f5a"];

/** The list itself scrolls, which those who do not see it hear as a list; an area of the library around it would have no place for the focus. */
const LIST = { withScrollArea: false, styles: { options: { maxHeight: 260, overflowY: "auto" } } } as const;

export const theme = createTheme({
  primaryColor: "hark",
  primaryShade: 8,
  autoContrast: true,
  respectReducedMotion: true,
  colors: { hark },
  defaultRadius: "md",
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  headings: { fontWeight: "650" },
  components: {
    Button: { defaultProps: { size: "sm" } },
    // Its place for the focus is no item, and has no place in a menu.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    Select: { defaultProps: LIST },
    MultiSelect: { defaultProps: LIST },
    TextInput: { defaultProps: { size: "sm" } },
    Table: { defaultProps: { verticalSpacing: "xs" } },
  },
});
