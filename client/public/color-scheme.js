// Sets the colour scheme before the first paint. A file of its own, because the page's policy forbids inline scripts.
(() => {
  let choice = "auto";
  try {
    choice = localStorage.getItem("mantine-color-scheme-value") ?? "auto";
  } catch {
    choice = "auto"; // storage may be switched off: follow the system
  }
  const isDark = choice === "auto" ? !matchMedia("(prefers-color-scheme: light)").matches : choice === "dark";
  document.documentElement.dataset.mantineColorScheme = isDark ? "dark" : "light";
})();
