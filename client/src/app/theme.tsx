import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

const accent: MantineColorsTuple = [
  "#edf2ff",
  "#dbe4ff",
  "#bac9ff",
  "#93abff",
  "#7d9dff",
  "#6d9bff",
  "#3c6bea",
  "#2f5fe0",
  "#254dbb",
  "#1d3e97",
];

const dark: MantineColorsTuple = [
  "#e8eaed",
  "#c6cbd2",
  "#9aa3ae",
  "#6b7480",
  "#24292f",
  "#1c2026",
  "#14171b",
  "#0e1013",
  "#0b0d0f",
  "#070809",
];

/** Mantine wearing our tokens: dense, bordered, one accent. */
export const theme = createTheme({
  primaryColor: "accent",
  primaryShade: { light: 7, dark: 6 },
  colors: { accent, dark },
  fontFamily: '"Inter Variable", "Inter Fallback", system-ui, sans-serif',
  fontFamilyMonospace: '"JetBrains Mono Variable", ui-monospace, Menlo, Consolas, monospace',
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "18px" },
  headings: {
    fontWeight: "600",
    sizes: { h1: { fontSize: "18px" }, h2: { fontSize: "15px" }, h3: { fontSize: "14px" } },
  },
  spacing: { xs: "4px", sm: "8px", md: "12px", lg: "16px", xl: "24px" },
  radius: { xs: "4px", sm: "6px", md: "8px", lg: "10px", xl: "12px" },
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  activeClassName: "",
  components: {
    Button: { defaultProps: { size: "xs", radius: "sm", variant: "default" } },
    ActionIcon: { defaultProps: { variant: "subtle", color: "gray", size: 32, radius: "sm" } },
    Switch: { defaultProps: { withThumbIndicator: false } },
    TextInput: { defaultProps: { size: "sm" } },
    Select: { defaultProps: { size: "sm", comboboxProps: { shadow: "none" } } },
    Modal: {
      defaultProps: {
        centered: true,
        closeButtonProps: { "aria-label": "Close" },
        transitionProps: { duration: 100 },
        overlayProps: { backgroundOpacity: 0.5 },
      },
    },
    Drawer: {
      defaultProps: {
        closeButtonProps: { "aria-label": "Close" },
        transitionProps: { duration: 120 },
        overlayProps: { backgroundOpacity: 0.4 },
      },
    },
    Tooltip: { defaultProps: { openDelay: 350, transitionProps: { duration: 80 }, fz: "xs" } },
    Table: { defaultProps: { fz: "sm", verticalSpacing: 6, horizontalSpacing: 12 } },
    Menu: { defaultProps: { shadow: "none", transitionProps: { duration: 80 } } },
  },
});

/** Points Mantine's own variables at our tokens, so that both worlds change together with the theme. */
export const cssVariablesResolver: CSSVariablesResolver = () => {
  const shared = {
    "--mantine-color-body": "var(--bg)",
    "--mantine-color-text": "var(--text)",
    "--mantine-color-dimmed": "var(--text-dim)",
    "--mantine-color-placeholder": "var(--text-faint)",
    "--mantine-color-anchor": "var(--accent)",
    "--mantine-color-default": "var(--surface)",
    "--mantine-color-default-hover": "var(--surface-hover)",
    "--mantine-color-default-color": "var(--text)",
    "--mantine-color-default-border": "var(--border)",
    "--mantine-color-error": "var(--bad)",
  };
  return { variables: {}, light: shared, dark: shared };
};
