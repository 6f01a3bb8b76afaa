/** A tool that serves something, by the package that brings it and the program it is started with. */
interface Framework {
  /** Name for the eye. */
  title: string;
  package: string;
  /** Commands whose presence in a script means this framework; empty for libraries a plain `node server.js` uses. */
  programs: readonly string[];
  /** Where it listens unless told otherwise. */
  port: number | null;
}

/** Most specific first: a Nuxt project also depends on Vite. */
const frameworks: readonly Framework[] = [
  { title: "Next.js", package: "next", programs: ["next"], port: 3000 },
  { title: "Nuxt", package: "nuxt", programs: ["nuxt", "nuxi"], port: 3000 },
  { title: "Astro", package: "astro", programs: ["astro"], port: 4321 },
  { title: "React Router", package: "@react-router/dev", programs: ["react-router"], port: 5173 },
  { title: "Remix", package: "@remix-run/dev", programs: ["remix", "remix-serve"], port: 3000 },
  { title: "SvelteKit", package: "@sveltejs/kit", programs: ["svelte-kit"], port: 5173 },
  { title: "Angular", package: "@angular/cli", programs: ["ng"], port: 4200 },
  { title: "Gatsby", package: "gatsby", programs: ["gatsby"], port: 8000 },
  { title: "Docusaurus", package: "@docusaurus/core", programs: ["docusaurus"], port: 3000 },
  { title: "Eleventy", package: "@11ty/eleventy", programs: ["eleventy"], port: 8080 },
  { title: "VitePress", package: "vitepress", programs: ["vitepress"], port: 5173 },
  { title: "Create React App", package: "react-scripts", programs: ["react-scripts"], port: 3000 },
  { title: "Vue CLI", package: "@vue/cli-service", programs: ["vue-cli-service"], port: 8080 },
  { title: "Storybook", package: "storybook", programs: ["storybook", "start-storybook"], port: 6006 },
  { title: "Expo", package: "expo", programs: ["expo"], port: 8081 },
  { title: "Cloudflare Workers", package: "wrangler", programs: ["wrangler"], port: 8787 },
  { title: "Strapi", package: "@strapi/strapi", programs: ["strapi"], port: 1337 },
  { title: "Parcel", package: "parcel", programs: ["parcel"], port: 1234 },
  { title: "webpack", package: "webpack-dev-server", programs: ["webpack-dev-server", "webpack"], port: 8080 },
  { title: "Vite", package: "vite", programs: ["vite"], port: 5173 },
  { title: "NestJS", package: "@nestjs/core", programs: ["nest"], port: 3000 },
  { title: "AdonisJS", package: "@adonisjs/core", programs: ["ace"], port: 3333 },
  { title: "Fastify", package: "fastify", programs: ["fastify"], port: 3000 },
  { title: "Express", package: "express", programs: [], port: 3000 },
  { title: "Koa", package: "koa", programs: [], port: 3000 },
  { title: "Hono", package: "hono", programs: [], port: 3000 },
  { title: "hapi", package: "@hapi/hapi", programs: [], port: 3000 },
  { title: "Discord bot", package: "discord.js", programs: [], port: null },
  { title: "Slack bot", package: "@slack/bolt", programs: [], port: 3000 },
];

/** Runners that start the project's own server. */
const runners = /\b(?:node|nodemon|tsx|ts-node|ts-node-dev|bun|deno|pm2-dev|babel-node|swc-node)\b/;

/** The framework a script starts, judged by its words and the project's dependencies; `null` when it starts none we know. */
export function frameworkOf(script: string, dependencies: ReadonlySet<string>): Framework | null {
  const words = new Set(script.split(/[^A-Za-z0-9@/._-]+/));
  const started = frameworks.find(({ programs }) => programs.some((program) => words.has(program)));
  if (started) return started.title === "Vite" ? (specialised(dependencies) ?? started) : started;
  if (!runners.test(script)) return null;
  return frameworks.find((entry) => entry.port !== null && dependencies.has(entry.package) && isServer(entry)) ?? null;
}

/** Frameworks that are started by Vite's own command. */
function specialised(dependencies: ReadonlySet<string>): Framework | undefined {
  return frameworks.find(({ package: name }) => name === "@sveltejs/kit" && dependencies.has(name));
}

function isServer({ programs, title }: Framework): boolean {
  return programs.length === 0 || title === "NestJS" || title === "Fastify" || title === "AdonisJS";
}

/** Every framework among the dependencies, for the eye. */
export function frameworksAmong(dependencies: ReadonlySet<string>): string[] {
  return frameworks.filter(({ package: name }) => dependencies.has(name)).map(({ title }) => title);
}

/** A port written in a command: `--port 4000`, `-p=4000`, `PORT=4000`, `localhost:4000`, `0.0.0.0:4000`. */
export function portIn(command: string): number | null {
  const match =
    /(?:^|\s)PORT=(\d{2,5})\b/.exec(command) ??
    /(?:^|\s)(?:--port|--http-port|-p|-l|--listen|--bind|-b)(?:[= ]+)(?:tcp:\/\/)?(?:[\w.*[\]:-]*:)?(\d{2,5})\b/.exec(
      command,
    ) ??
    /\b(?:localhost|127\.0\.0\.1|0\.0\.0\.0):(\d{2,5})\b/.exec(command);
  const port = Number(match?.[1]);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : null;
}

/** Vite serves what it built on another port than what it develops. */
export function defaultPort(framework: Framework, script: string): number | null {
  return framework.title === "Vite" && /\bpreview\b/.test(script) ? 4173 : framework.port;
}
